// A `fetch` that records the requests of a client library.

/** Returns a `fetch` with the token, and the list of the bodies or query strings that it sends. */
export function counting(token) {
  const sent = [];
  const send = (address, options = {}) => {
    sent.push(options.body ? JSON.parse(options.body) : Object.fromEntries(new URL(address).searchParams));
    return fetch(address, { ...options, headers: { ...options.headers, authorization: `Bearer ${token}` } });
  };
  return { fetch: send, sent };
}
