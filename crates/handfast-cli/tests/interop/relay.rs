//! A port in front of several servers. To a client these are one, which was started again between its connections.

use std::io::{Error, copy};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread::spawn;

/// Takes one connection for each of these ports, and hands it on to that.
pub fn relay(ports: Vec<u16>) -> Result<u16, Error> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    spawn(move || {
        for port in ports {
            let Ok((client, _)) = listener.accept() else { return };
            if let Ok(server) = TcpStream::connect(("127.0.0.1", port)) {
                let _ = join(&client, &server).and_then(|()| join(&server, &client));
            }
        }
    });
    Ok(port)
}

/// Hands on what the one says, to its end.
fn join(from: &TcpStream, to: &TcpStream) -> Result<(), Error> {
    let (mut from, mut to) = (from.try_clone()?, to.try_clone()?);
    spawn(move || {
        let _ = copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
    Ok(())
}
