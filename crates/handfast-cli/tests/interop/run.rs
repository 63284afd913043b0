//! One cell: our tool on one side, the peer on the other.

use super::cases::Case;
use super::material::Material;
use super::peers::{Lacks, Peer};
use super::tool::Tool;
use super::{flags, seen};
use base64::Engine;

/// The peer serves, we connect.
pub fn our_client(peer: &dyn Peer, case: &Case, material: &Material) -> Result<(), Lacks> {
    let mut server = peer.serve(case, material)?;
    let session = material.fresh("session");
    for resumed in [false, true].into_iter().take(if case.resumes() { 2 } else { 1 }) {
        let mut tool = Tool::start(&flags::client(case, material, server.port, &session), material)?;
        seen::connected(&tool.wait_for("connected")?, case, resumed)?;
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
        seen::by_client(&tool, case, &server.said)?;
        tool.end(case.resumes())?;
    }
    Ok(())
}

/// We serve, the peer connects.
pub fn our_server(peer: &dyn Peer, case: &Case, material: &Material) -> Result<(), Lacks> {
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
    peer.connect(case, material, port)?;
    seen::connected(&tool.wait_for("connected")?, case, false)?;
    if case.resumes() {
        let mut next = tool.wait_for("connected")?;
        while site.is_some() && next["resumed"] == false {
            next = tool.wait_for("connected")?;
        }
        seen::connected(&next, case, true)?;
    }
    Ok(seen::by_server(&mut tool, case)?)
}
