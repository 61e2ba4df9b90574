// The operations that the client libraries run.

export const VIEWER = `query Viewer { viewer { role } }`;

export const REGISTER = `mutation Register($input: RegisterForOccurrenceInput!) {
  registerForOccurrence(input: $input) { registration { id status } userErrors { code message field } }
}`;

export const MEMBERS = `query Members($first: Int!, $after: String) {
  members(first: $first, after: $after) { edges { cursor node { id displayName } } pageInfo { hasNextPage endCursor } }
}`;
