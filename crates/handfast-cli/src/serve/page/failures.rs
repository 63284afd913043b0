//! The page of the connections that failed last; and a page for each, made as that of a visitor's own.

use super::super::failures::Failed;
use super::message::{self, Ends};
use super::story::What;
use super::{Markup, Part, agreed, course, file, html, keys, listed, shell, stage};
use crate::offers::{self, Who};
use crate::words::{capital, sentence};
use handfast::Negotiated;
use handfast::error::Blame;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use time::OffsetDateTime;

/// The two ends of somebody's connection.
const ENDS: Ends = Ends { prefix: "m", server: "Handfast", client: "the client" };

/// What the foot of the page says.
const SEEN_BY: &str =
    "Only who sits at this machine sees this page. It is kept in memory alone, without any secret, and sets no cookie.";

/// The page of all of them, the newest first.
pub(in super::super) fn list(failures: &[Arc<Failed>], now: SystemTime) -> String {
    let lead = match failures.len() {
        0 => "No connection has failed since this server started.".to_owned(),
        1 => "One connection has failed since this server started. Open it to see every message.".to_owned(),
        n => format!("The last {n} connections that failed, the newest first. Open one to see every message."),
    };
    let title = match failures.len() {
        0 => "Nothing went wrong here.",
        _ => "This is what went wrong.",
    };
    let top = html! {
        h1 { (title) }
        p.lead { (lead) }
    };
    let body = html! {
        @if failures.is_empty() { p.verdict { "There is nothing to show." } }
        ol.failures {
            @for failed in failures { li { (entry(failed, now)) } }
        }
    };
    let parts = [Part { id: "failures", title: "Connections that failed", body }];
    let others = html! { a href="/" { "Your own connection" } };
    shell("Handfast: connections that failed", &top, &parts, &others, SEEN_BY)
}

/// One of them, in the list.
fn entry(failed: &Failed, now: SystemTime) -> Markup {
    let e = &failed.failure.explanation;
    html! {
        article.failure id={ "failure-" (failed.connection.number) } {
            p.when { time datetime=(stamp(failed.at)) { (ago(failed.at, now)) } ", from " (failed.connection.peer) }
            h3 { a href=(address(failed)) { (capital(&sentence(&e.why))) } }
            p.what {
                "This was " (whose(failed)) "."
                @if !e.rule.is_empty() { " " span.r { (e.rule) } }
            }
            @if !e.remedy.is_empty() { p.remedy { (sentence(&e.remedy)) } }
        }
    }
}

/// The page of one: all that was said, up to the end.
pub(in super::super) fn one(failed: &Failed) -> String {
    let e = &failed.failure.explanation;
    let steps = course::course(&failed.told);
    let config = failed.config.upgrade();
    let negotiated = failed.negotiated.as_ref();
    let topics = config.map(|c| offers::topics(Who::Client, &c, negotiated, &failed.told.spoken()));
    let nothing = Negotiated::default();
    let json = failed.told.json(
        negotiated.unwrap_or(&nothing),
        Some((&failed.failure, failed.at)),
        topics.as_deref().unwrap_or_default(),
    );
    let name = format!("handfast-failure-{}.json", failed.connection.number);
    let others = html! {
        a.download href=(file(&json)) download=(name) { "Download as JSON" }
        a href="/failures" { "Other failures" }
        a href="/" { "Your own connection" }
    };
    let top = html! {
        h1 { "This connection failed." }
        p.lead { (capital(&sentence(&e.why))) @if !e.remedy.is_empty() { " " (sentence(&e.remedy)) } }
        (listed(&facts(failed)))
    };
    let said = match steps.is_empty() {
        true => html! { p.verdict { "Nothing came that could be shown as a message or a record of TLS." } },
        false => stage(ENDS, &html! { (message::steps(&steps, ENDS, None)) p.verdict { "Here it ended." } }),
    };
    let offered = html! {
        @match &topics {
            None => p.verdict { "This server has read its files anew since then: what it went by is gone." },
            Some(topics) if topics.is_empty() => p.verdict { "The client sent no hello that can be read, and so offered nothing." },
            Some(topics) => (agreed::html(topics, Who::Client)),
        }
    };
    let mut parts = vec![
        Part { id: "connection", title: "What was said", body: said },
        Part { id: "negotiated", title: "What was offered", body: offered },
    ];
    if failed.told.events.iter().any(|seen| matches!(seen.what, What::Secret(_))) {
        parts.push(Part { id: "keys", title: "The keys", body: keys::html(&failed.told.events, false, ENDS) });
    }
    shell("Handfast: a connection that failed", &top, &parts, &others, SEEN_BY)
}

/// Where its page is.
fn address(failed: &Failed) -> String {
    format!("/failures/{}", failed.connection.number)
}

fn facts(failed: &Failed) -> Vec<(&'static str, String)> {
    let e = &failed.failure.explanation;
    let mut out = vec![("When", stamp(failed.at)), ("Who", failed.connection.peer.to_string())];
    out.push(("Whose doing", capital(whose(failed))));
    out.extend(Some(e.during).filter(|d| !d.is_empty()).map(|d| ("At message", d.to_owned())));
    out.extend(e.alert.map(|a| ("Alert", a.to_string())));
    out.extend(Some(e.rule).filter(|r| !r.is_empty()).map(|r| ("Rule", r.to_owned())));
    out
}

/// Whose doing it was.
fn whose(failed: &Failed) -> &'static str {
    match failed.failure.explanation.blame {
        Blame::Peer => "the client's doing",
        Blame::Us => "this server's doing",
        Blame::Neither => "neither side's doing: both are within their rights",
        Blame::Network => "the network's doing, or that of something on the way",
    }
}

/// As people in all time zones read it.
fn stamp(at: SystemTime) -> String {
    let at = OffsetDateTime::from(at);
    let (date, hour, minute, second) = (at.date(), at.hour(), at.minute(), at.second());
    format!("{date} {hour:02}:{minute:02}:{second:02}Z")
}

/// How long before.
fn ago(at: SystemTime, now: SystemTime) -> String {
    let counted = |n: u64, what: &str| if n == 1 { format!("1 {what} ago") } else { format!("{n} {what}s ago") };
    match now.duration_since(at).unwrap_or(Duration::ZERO).as_secs() {
        0..5 => "Just now".into(),
        s @ ..60 => counted(s, "second"),
        s @ ..3600 => counted(s / 60, "minute"),
        s @ ..86400 => counted(s / 3600, "hour"),
        s => counted(s / 86400, "day"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Story;
    use super::*;
    use crate::events::Connection;
    use crate::exit::{Code, Failure};
    use std::sync::Weak;

    #[test]
    fn times_are_told_as_people_tell_them() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_780_000_000);
        let after = |s| ago(at, at + Duration::from_secs(s));
        assert_eq!(stamp(at), "2026-05-28 20:26:40Z");
        assert_eq!(
            (after(0), after(59), after(60)),
            ("Just now".into(), "59 seconds ago".into(), "1 minute ago".into())
        );
        assert_eq!((after(7200), after(200_000)), ("2 hours ago".into(), "2 days ago".into()));
        assert_eq!(ago(at + Duration::from_secs(9), at), "Just now", "clocks are set back, too");
    }

    #[test]
    fn what_a_peer_says_is_text_and_a_config_that_is_gone_is_said_to_be() {
        let connection = Connection { number: 7, peer: "[::1]:9".parse().expect("an address") };
        let failure = Failure::network(Code::Handshake, "it said <b>.", "Look at it.");
        let failed = Failed::now(connection, failure, &Story::default(), None, Weak::new());
        let page = one(&failed);
        for part in ["It said &lt;b&gt;.", "Look at it.", "has read its files anew", "[::1]:9", "Nothing came"] {
            assert!(page.contains(part), "{part} in:\n{page}");
        }
        let all = list(&[Arc::new(failed)], SystemTime::now());
        assert!(
            all.contains("One connection has failed") && all.contains("href=\"/failures/7\"") && !all.contains("<b>.")
        );
    }
}
