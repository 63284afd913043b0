//! From a name to a TCP connection.

use crate::args::Target;
use crate::exit::{Code, Failure};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::net::{TcpStream, lookup_host};
use tokio::task::JoinSet;
use tokio::time::sleep;

/// How long an address has for itself before the next is tried beside it (RFC 8305 5).
const STAGGER: Duration = Duration::from_millis(250);

/// The addresses of a host.
pub(super) async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, Failure> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let not_found = |why: String| {
        let remedy = "Check the spelling, and that the system's name service works.";
        Failure::network(Code::NoName, format!("the name {host} was not found: {why}."), remedy)
    };
    let found = lookup_host((host, port)).await.map_err(|e| not_found(e.to_string()))?;
    let addresses = in_turn(found.collect());
    if addresses.is_empty() { Err(not_found("it has no address".into())) } else { Ok(addresses) }
}

/// The families by turns, the first one's first (RFC 8305 4), so that a family that leads nowhere costs little.
fn in_turn(found: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = found.first().is_some_and(SocketAddr::is_ipv6);
    let (ours, others): (Vec<_>, Vec<_>) = found.into_iter().partition(|a| a.is_ipv6() == first_is_v6);
    let (mut ours, mut others) = (ours.into_iter(), others.into_iter());
    let mut out = Vec::new();
    loop {
        let before = out.len();
        out.extend(ours.next());
        out.extend(others.next());
        if out.len() == before {
            return out;
        }
    }
}

/// A connection to the first address that gives one.
pub(super) async fn connect(addresses: &[SocketAddr], target: &Target) -> Result<TcpStream, Failure> {
    let mut rest = addresses.iter().copied();
    let mut tries = JoinSet::new();
    let mut errors: Vec<(SocketAddr, io::Error)> = Vec::new();
    loop {
        match rest.next() {
            Some(address) => drop(tries.spawn(async move { (address, TcpStream::connect(address).await) })),
            None if tries.is_empty() => return Err(no_connection(target, &errors)),
            None => {}
        }
        tokio::select! {
            Some(done) = tries.join_next() => match done {
                Ok((_, Ok(socket))) => return Ok(super::prompt(socket)),
                Ok((address, Err(error))) => errors.push((address, error)),
                Err(error) => return Err(Failure::io(format!("a task failed: {error}."))),
            },
            () = sleep(STAGGER), if rest.len() > 0 => {}
        }
    }
}

fn no_connection(target: &Target, errors: &[(SocketAddr, io::Error)]) -> Failure {
    let each: Vec<_> = errors.iter().map(|(a, e)| format!("{a}: {e}")).collect();
    let refused = errors.iter().all(|(_, e)| e.kind() == io::ErrorKind::ConnectionRefused);
    let remedy = match refused {
        true => "Nothing listens there: check the port, and that the server runs.",
        false => "Check address and port, the network, and firewalls between.",
    };
    Failure::network(
        Code::NoConnection,
        format!("there is no TCP connection to {target} ({}).", each.join("; ")),
        remedy,
    )
}

#[cfg(test)]
mod tests {
    use super::in_turn;

    #[test]
    fn families_take_turns() {
        let a = |list: &[&str]| list.iter().map(|a| a.parse().expect("address")).collect::<Vec<_>>();
        let found = a(&["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1"]);
        assert_eq!(in_turn(found), a(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "[::3]:1"]));
        assert_eq!(in_turn(Vec::new()), Vec::new());
    }
}
