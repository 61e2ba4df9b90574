//! The check of an external MongoDB.

use anyhow::{Context, bail};

use super::wire;

/// Checks that the connection string belongs to a replica set, because a standalone mongod has no transactions.
///
/// `mongodb+srv://` and TLS need the driver and are not checked here. `convene` makes the same check at its start.
///
/// # Errors
/// No host answers, or the host is not a member of a replica set.
pub(crate) fn check_replica_set(uri: &str) -> anyhow::Result<()> {
    let Some(hosts) = plain_hosts(uri)? else { return Ok(()) };
    let mut unreachable = None;
    for host in &hosts {
        match wire::hello(host) {
            Ok(hello) if hello.set_name.is_some() => return Ok(()),
            Ok(_) => {
                bail!("{host} is not a member of a replica set; start mongod with --replSet and initiate it")
            }
            Err(error) => unreachable = Some(error),
        }
    }
    Err(unreachable.context("it has no host")?)
}

/// The `host:port` pairs of the string; `None` if only the driver can connect.
fn plain_hosts(uri: &str) -> anyhow::Result<Option<Vec<String>>> {
    if uri.starts_with("mongodb+srv://") {
        return Ok(None);
    }
    let rest =
        uri.strip_prefix("mongodb://").context("it begins with neither mongodb:// nor mongodb+srv://")?;
    let (authority, options) = rest.split_once(['/', '?']).unwrap_or((rest, ""));
    let options = options.to_ascii_lowercase();
    if options.contains("tls=true") || options.contains("ssl=true") {
        return Ok(None);
    }
    let hosts = authority.rsplit_once('@').map_or(authority, |(_credentials, hosts)| hosts);
    let with_port = |host: &str| {
        let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        if has_port { host.to_owned() } else { format!("{host}:27017") }
    };
    Ok(Some(hosts.split(',').filter(|host| !host.is_empty()).map(with_port).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_parsed_without_credentials_and_options() {
        let hosts = |uri| plain_hosts(uri).unwrap().unwrap();
        assert_eq!(hosts("mongodb://localhost"), ["localhost:27017"]);
        assert_eq!(hosts("mongodb://a:1,b:2/?replicaSet=rs0"), ["a:1", "b:2"]);
        assert_eq!(hosts("mongodb://user:p%40ss@db:27018,[::1]/convene"), ["db:27018", "[::1]:27017"]);
    }

    #[test]
    fn strings_that_need_the_driver_have_no_plain_hosts() {
        assert_eq!(plain_hosts("mongodb+srv://cluster.example").unwrap(), None);
        assert_eq!(plain_hosts("mongodb://db/?replicaSet=rs0&tls=true").unwrap(), None);
    }

    #[test]
    fn other_strings_are_refused() {
        assert!(plain_hosts("postgres://db").unwrap_err().to_string().contains("mongodb://"));
        assert!(check_replica_set("mongodb://").unwrap_err().to_string().contains("no host"));
    }

    #[test]
    fn an_unreachable_host_is_named() {
        let error = check_replica_set("mongodb://127.0.0.1:1/?replicaSet=rs0").unwrap_err();
        assert!(format!("{error:#}").contains("127.0.0.1:1"), "{error:#}");
    }
}
