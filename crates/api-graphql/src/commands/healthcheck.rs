use std::{
    io::{Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context, ensure};
use convene_api_graphql::{
    config::{self, Environment},
    wiring,
};

/// The time for a response, which is less than the timeout of container engines.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Requests `/readyz` of the server at `CONVENE_PROBE_LISTEN`; fails unless it is ready.
pub(super) fn run() -> anyhow::Result<ExitCode> {
    let listen = config::probe_address(&Environment::of(std::env::vars_os(), wiring::check_uri))?;
    let status =
        request_status(reachable_address(listen)).with_context(|| format!("no response from {listen}"))?;
    ensure!(status == "200", "the server at {listen} is not ready: status {status}");
    Ok(ExitCode::SUCCESS)
}

/// The address at which this machine reaches the server. One that listens on all addresses is reached at loopback.
fn reachable_address(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

/// The status of the response. An HTTP client library would only make the image larger.
fn request_status(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut start = [0; "HTTP/1.1 200".len()];
    stream.read_exact(&mut start)?;
    Ok(String::from_utf8_lossy(&start).split(' ').nth(1).unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn reads_the_status() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.read_exact(&mut [0; 16]).unwrap();
            stream.write_all(b"HTTP/1.1 503 Service Unavailable\r\n\r\n").unwrap();
        });
        assert_eq!(request_status(address).unwrap(), "503");
        server.join().unwrap();
    }

    #[test]
    fn a_server_on_all_addresses_is_reached_at_loopback() {
        assert_eq!(reachable_address("0.0.0.0:8080".parse().unwrap()), "127.0.0.1:8080".parse().unwrap());
        assert_eq!(reachable_address("[::]:8080".parse().unwrap()), "[::1]:8080".parse().unwrap());
        assert_eq!(reachable_address("10.0.0.7:1".parse().unwrap()), "10.0.0.7:1".parse().unwrap());
    }
}
