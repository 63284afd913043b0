//! One connection, in BoringSSL's order.

use crate::checks;
use crate::config::{self, Memory, Shelf};
use crate::flags::Flags;
use crate::later::Gate;
use crate::pipe::{Came, Pipe, dial};
use crate::seen::Witness;
use crate::{Stop, errors};
use handfast::crypto::aws_lc;
use handfast::pki_types::ServerName;
use handfast::wire::numbers::ProtocolVersion;
use handfast::{ChannelBinding, Connection, config::Limits};
use std::sync::Arc;

/// Connects, and does what the flags say: the first ones, and the others once early data was refused. `index` counts from 0, the
/// connection that resumes none.
pub(crate) fn connection([flags, retry]: [&Flags; 2], memory: &mut Memory, index: usize) -> Result<(), Stop> {
    let seen = Witness::default();
    let gate = flags.asynchronous.then(|| Arc::new(Gate::default()));
    let offer = memory.session.take();
    if index > 0 && !flags.server && offer.is_none() {
        return Err(Stop::Failed("No session to offer.".into()));
    }
    let shelf = Arc::new(Shelf::new(offer, &seen));
    let engine = engine(flags, memory, &shelf, &seen, gate.as_ref())?;
    let socket = dial(flags.port, flags.ipv6, flags.shim_id).map_err(|e| Stop::broken(format!("dialling: {e}")))?;
    let mut pipe = Pipe::new(socket, engine, memory.clock, gate);
    pipe.exports = flags.use_exporter_between_reads;
    let outcome = exchange(&mut pipe, [flags, retry], memory, &seen, index);
    pipe.hang_up();
    outcome?;
    memory.session = shelf.newest();
    checks::session(flags, memory.session.as_ref())?;
    checks::trace(flags, &seen.see())
}

fn engine(
    flags: &Flags,
    memory: &Memory,
    shelf: &Arc<Shelf>,
    seen: &Witness,
    gate: Option<&Arc<Gate>>,
) -> Result<Connection, Stop> {
    let watch = seen.clone();
    let observer = Box::new(move |trace: &handfast::trace::Trace<'_>| watch.trace(trace));
    if flags.server {
        let config = config::server(flags, memory, seen, gate)?;
        let mut engine = match gate.is_some() || flags.use_early_callback {
            true => Connection::server_by_hello(config::source(config, gate), aws_lc::provider(), Limits::default()),
            false => Connection::server(config),
        };
        engine.observe(observer);
        return Ok(engine);
    }
    let config = config::client(flags, memory, shelf.clone(), seen, gate)?;
    let name = flags.host_name.clone().unwrap_or_else(|| "example.com".into());
    let name = ServerName::try_from(name).map_err(|_| Stop::Unimplemented("a name that is no DNS name".into()))?;
    let engine = Connection::client_observed(config, name, memory.clock.now(), Some(observer));
    engine.map_err(|error| Stop::Failed(errors::describe(&error, true)))
}

fn exchange(
    pipe: &mut Pipe,
    [mut flags, retry]: [&Flags; 2],
    memory: &mut Memory,
    seen: &Witness,
    index: usize,
) -> Result<(), Stop> {
    let said = say_early(pipe, flags)?;
    if !flags.implicit_handshake || said.is_some() {
        pipe.handshake()?;
        if said.is_some() && pipe.engine.negotiated().early_data == Some(false) {
            must_be_refused(flags)?;
            flags = retry;
        }
        if flags.handshake_never_done {
            return Err(Stop::broken("the handshake was done"));
        }
        checks::handshake(flags, memory, pipe.engine.negotiated(), &seen.see(), index)?;
    }
    let tickets_before = seen.see().new_sessions;
    export(pipe, flags, seen)?;
    if flags.write_different_record_sizes {
        for size in [0, 1, 255, 256, 257, 16383, 16384, 16385, 32767, 32768, 32769] {
            pipe.write(&vec![0x42; size])?;
        }
    } else {
        converse(pipe, flags, said.filter(|_| pipe.engine.negotiated().early_data == Some(true)))?;
    }
    // In TLS 1.3 tickets come after the handshake.
    let new_session = seen.see().new_sessions > tickets_before;
    if !flags.server && pipe.engine.negotiated().version == Some(ProtocolVersion::TLS1_3) {
        let expected = !flags.expect_no_session && !flags.shim_shuts_down;
        // A ticket may be faster than the check before.
        if (seen.see().new_sessions > 0) != expected {
            return Err(Stop::broken(format!("a new session was expected: {expected}")));
        }
    } else if !flags.server && !flags.implicit_handshake && new_session && pipe.engine.handshakes() == 1 {
        return Err(Stop::broken("a session came after the handshake"));
    }
    checks::renegotiations(flags, pipe.engine.handshakes())?;
    shut_down(pipe, flags)
}

/// Keying material, as application data.
fn export(pipe: &mut Pipe, flags: &Flags, seen: &Witness) -> Result<(), Stop> {
    if flags.export_keying_material > 0 {
        pipe.handshake()?;
        let mut out = vec![0; flags.export_keying_material];
        let context = flags.use_export_context.then_some(flags.export_context.as_slice());
        let exported = pipe.engine.export(&mut out, &flags.export_label, context);
        exported.map_err(|e| Stop::broken(format!("failed to export keying material: {e}")))?;
        pipe.write(&out)?;
    }
    if flags.tls_unique {
        pipe.handshake()?;
        let unique = pipe.engine.channel_binding(ChannelBinding::Unique);
        let unique = unique.map_err(|e| Stop::Failed(format!("failed to get tls-unique: {e}")))?;
        pipe.write(&unique)?;
    }
    if flags.export_traffic_secrets {
        let secret = |side: &str| seen.see().secrets.get(side).cloned();
        let (client, server) = (secret("CLIENT_TRAFFIC_SECRET_0"), secret("SERVER_TRAFFIC_SECRET_0"));
        let (Some(client), Some(server)) = (client, server) else {
            return Err(Stop::broken("the key log has no traffic secrets"));
        };
        let (read, write) = if flags.server { (client, server) } else { (server, client) };
        let length = u16::try_from(read.len()).map_err(|_| Stop::broken("a secret is too long"))?;
        pipe.write(&length.to_le_bytes())?;
        pipe.write(&read)?;
        pipe.write(&write)?;
    }
    Ok(())
}

/// Says early what is to be said first, as far as there is room; gives how much that was, if early data was offered.
fn say_early(pipe: &mut Pipe, flags: &Flags) -> Result<Option<usize>, Stop> {
    if flags.server || !flags.enable_early_data || !pipe.offers_early()? {
        return Ok(None);
    }
    if flags.export_keying_material > 0 {
        let mut out = vec![0; flags.export_keying_material];
        if pipe.engine.export(&mut out, &flags.export_label, None).is_err() {
            return Err(Stop::Failed(":HANDSHAKE_NOT_COMPLETE:".into()));
        }
    }
    let mut said = 0;
    let words = flags.shim_writes_first || flags.read_with_unfinished_write;
    for _ in 0..if words { flags.repeat_shim_initial_write } else { 0 } {
        said += pipe.write_early(&flags.shim_initial_write)?;
    }
    Ok(Some(said))
}

fn must_be_refused(flags: &Flags) -> Result<(), Stop> {
    match flags.expect_reject_early_data {
        true => Ok(()),
        false => Err(Stop::broken("early data was refused")),
    }
}

fn first_words(flags: &Flags) -> Vec<u8> {
    flags.shim_initial_write.repeat(flags.repeat_shim_initial_write)
}

/// Reads, and writes back each byte inverted, until the peer ends. `heard` is how much of what is to be said first has been said early.
fn converse(pipe: &mut Pipe, flags: &Flags, heard: Option<usize>) -> Result<(), Stop> {
    if let Some(heard) = heard {
        let words = first_words(flags);
        let rest = words.get(heard..).filter(|_| flags.shim_writes_first).unwrap_or_default();
        for part in rest.chunks(1 << 14) {
            pipe.write(part)?;
        }
    } else if flags.read_with_unfinished_write {
        pipe.handshake()?;
        pipe.flush();
        pipe.held = true;
        pipe.write(&flags.shim_initial_write)?;
        pipe.send_one_byte();
    } else if flags.shim_writes_first {
        for _ in 0..flags.repeat_shim_initial_write {
            pipe.write(&flags.shim_initial_write)?;
        }
    }
    if flags.shim_shuts_down {
        return Ok(());
    }
    if flags.key_update_before_read {
        pipe.update_keys()?;
    }
    while let Some(data) = pipe.read_data()? {
        if !pipe.connected {
            return Err(Stop::broken("data before the handshake was done"));
        }
        for part in data.chunks(flags.read_size.max(1)) {
            pipe.held = false;
            if flags.key_update {
                pipe.update_keys()?;
            }
            let inverted: Vec<u8> = part.iter().map(|byte| byte ^ 0xff).collect();
            pipe.write(&inverted)?;
            if flags.key_update_before_read {
                pipe.update_keys()?;
            }
        }
    }
    Ok(())
}

/// Ends the connection: quietly, unless the test wants to see close_notify.
fn shut_down(pipe: &mut Pipe, flags: &Flags) -> Result<(), Stop> {
    if !flags.check_close_notify {
        return Ok(());
    }
    pipe.handshake()?;
    pipe.engine.close();
    pipe.flush();
    if !flags.shim_shuts_down {
        return Ok(());
    }
    loop {
        match pipe.next()? {
            Came::Closed => return Ok(()),
            Came::Eof => {
                return Err(match pipe.eof_error() {
                    Stop::Failed(text) => Stop::Failed(format!("Unexpected SSL_shutdown result: -1 != 1\n{text}")),
                    other => other,
                });
            }
            Came::Connected | Came::Renegotiated | Came::Data(_) | Came::Early(_) => {}
        }
    }
}
