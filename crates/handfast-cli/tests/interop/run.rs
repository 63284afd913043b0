//! One cell: our tool on one side, the peer on the other.

use super::cases::{Case, Feature};
use super::material::Material;
use super::peers::{Lacks, Peer};
use super::relay::relay;
use super::tool::Tool;
use super::{flags, seen};
use base64::Engine;
use std::time::Duration;

/// What is said as early data.
const EARLY: &str = "early from handfast\n";
/// For how long our server refuses all early data, as something heard before its start might come again (RFC 9846 8.2).
pub const RECORDING: Duration = Duration::from_secs(11);

/// The peer serves, we connect.
pub fn our_client(peer: &dyn Peer, case: &Case, material: &Material) -> Result<(), Lacks> {
    if case.needs_encrypt_then_mac() {
        return Err(Lacks::It(
            "our client does not offer AES-256-CBC with SHA-256, which does not open in constant time",
        ));
    }
    let mut server = peer.serve(case, material)?;
    let mut port = server.port;
    // A server that has begun anew knows no ticket, and refuses early data.
    let mut anew = None;
    if case.feature == Feature::EarlyRefused {
        let second = peer.serve(case, material)?;
        port = relay(vec![port, second.port]).map_err(|e| e.to_string())?;
        anew = Some(second);
    }
    let session = material.fresh("session");
    for again in [false, true].into_iter().take(if case.resumes() { 2 } else { 1 }) {
        let mut tool = Tool::start(&flags::client(case, material, port, &session), material)?;
        let early = again && case.is_early();
        if early {
            tool.say(EARLY)?;
            server = anew.take().unwrap_or(server);
        }
        let connected = tool.wait_for("connected")?;
        seen::connected(&connected, case, again && case.feature != Feature::EarlyRefused)?;
        if !again {
            seen::session(&tool, case, "received")?;
        }
        if early {
            seen::early(&connected, case)?;
        }
        if let Some(poke) = &mut server.poke {
            poke();
        }
        tool.say(server.request.unwrap_or("hello from handfast\n"))?;
        let answers = ["hello from handfast", "tsafdnah morf olleh", "pong", "Successfully executed command"];
        let mut got = String::new();
        while !answers.iter().any(|answer| got.contains(answer)) {
            let data = tool.wait_for("data")?;
            if data["direction"] == "received" {
                let bytes = base64::engine::general_purpose::STANDARD
                    .decode(data["base64"].as_str().unwrap_or_default())
                    .map_err(|e| e.to_string())?;
                got += &String::from_utf8_lossy(&bytes);
            }
        }
        seen::by_client(&mut tool, case, &server.said, material)?;
        if early && peer.shows_early_data() && !got.contains(EARLY.trim_end()) {
            server.said.wait_for(EARLY.trim_end())?;
        }
        tool.end(case.resumes())?;
    }
    Ok(())
}

/// We serve, the peer connects.
pub fn our_server(peer: &dyn Peer, case: &Case, material: &Material) -> Result<(), Lacks> {
    match case.feature {
        Feature::OwnKeyUpdate => return Err(Lacks::It("`handfast serve` changes its keys only when it has to")),
        Feature::OwnRenegotiation => {
            return Err(Lacks::It("`handfast serve` starts a second handshake only to ask for a certificate"));
        }
        Feature::CertSchemes => return Err(Lacks::It("it cannot be told to verify other signatures in certificates")),
        _ => {}
    }
    if let Some(why) = peer.cannot_connect(case) {
        return Err(Lacks::It(why));
    }
    let site = peer.site(case).map(|page| material.site(page));
    let mut tool = Tool::start(&flags::server(case, material, site.as_deref()), material)?;
    let listening = tool.wait_for("listening")?.to_string();
    let port = listening
        .split_once("https://127.0.0.1:")
        .and_then(|(_, rest)| rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok())
        .ok_or_else(|| format!("no port in {listening}"))?;
    if case.feature == Feature::EarlyData {
        std::thread::sleep(RECORDING);
    }
    material.said.clear();
    peer.connect(case, material, port)?;
    seen::connected(&tool.wait_for("connected")?, case, false)?;
    seen::session(&tool, case, "sent")?;
    if case.resumes() {
        let mut next = tool.wait_for("connected")?;
        while site.is_some() && (next["resumed"] == false || case.is_early() && next["early_data"].is_null()) {
            next = tool.wait_for("connected")?;
        }
        seen::connected(&next, case, true)?;
        if case.is_early() {
            seen::early(&next, case)?;
        }
    }
    Ok(seen::by_server(&mut tool, case, material)?)
}
