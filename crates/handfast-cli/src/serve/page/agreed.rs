//! What was agreed and why, and what became of all that the client offered.

use crate::offers::{Offer, Topic, Verdict, Who};
use maud::{Markup, html};

/// All topics, of what this client offered.
pub(super) fn html(topics: &[Topic], who: Who) -> Markup {
    html! {
        @for topic in topics {
            article.topic {
                header {
                    h3 { (topic.name) }
                    @if let Some(chosen) = &topic.chosen { p.chosen { (chosen) } }
                }
                div {
                    p.why { (topic.why) }
                    @let (first, others): (Vec<_>, Vec<_>) = grouped(&topic.offers).into_iter().partition(Group::is_first);
                    @if !first.is_empty() { (list(&first)) }
                    @if !others.is_empty() {
                        details {
                            summary { (counted(&others, first.is_empty(), who.name())) }
                            (list(&others))
                        }
                    }
                }
            }
        }
    }
}

fn list(groups: &[Group<'_>]) -> Markup {
    html! {
        dl.offers {
            @for group in groups {
                div.offer.(group.verdict.name()) {
                    dt {
                        span.verdict-word { (group.verdict.words()) }
                        @for offer in &group.offers { " " span.k title=[offer.number.as_deref()] { (offer.name) } }
                    }
                    @if !group.meaning.is_empty() {
                        dd { (group.meaning) @if !group.rfc.is_empty() { " " span.r { (group.rfc) } } }
                    }
                }
            }
        }
    }
}

/// How many there are to be opened.
fn counted(groups: &[Group<'_>], alone: bool, who: &str) -> String {
    let n: usize = groups.iter().map(|g| g.offers.len()).sum();
    match (n, alone) {
        (1, true) => format!("What {who} offered, and what became of it"),
        (n, true) => format!("All {n} that {who} offered, and what became of them"),
        (1, false) => format!("One more that {who} offered, and what became of it"),
        (n, false) => format!("{n} more that {who} offered, and what became of them"),
    }
}

/// Offers that fared alike, and mean the same.
struct Group<'o> {
    verdict: Verdict,
    meaning: &'o str,
    rfc: &'static str,
    offers: Vec<&'o Offer>,
}

impl Group<'_> {
    /// Whether it is seen at once: what came of it is the point.
    fn is_first(&self) -> bool {
        matches!(self.verdict, Verdict::Chosen | Verdict::Heeded | Verdict::Unfit)
    }
}

/// Each offer once, in the order of the first of each group.
fn grouped(offers: &[Offer]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for offer in offers {
        let (verdict, meaning, rfc) = (offer.verdict, offer.meaning.as_str(), offer.rfc);
        match groups.iter_mut().find(|g| (g.verdict, g.meaning, g.rfc) == (verdict, meaning, rfc)) {
            Some(group) => group.offers.push(offer),
            None => groups.push(Group { verdict, meaning, rfc, offers: vec![offer] }),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(name: &str, verdict: Verdict, meaning: &str) -> Offer {
        let (number, field, rfc) = (Some("0x1301".into()), "cipher_suites", "RFC 9846 B.4");
        Offer { name: name.into(), number, field, verdict, meaning: meaning.into(), rfc }
    }

    #[test]
    fn what_fared_alike_stands_together_and_every_offer_once() {
        let offers = vec![
            offer("A", Verdict::Chosen, "It is fast."),
            offer("B", Verdict::Usable, "Not needed."),
            offer("<C>", Verdict::Usable, "Not needed."),
            offer("D", Verdict::Usable, "Another thing."),
        ];
        let groups = grouped(&offers);
        let names = |g: &Group<'_>| g.offers.iter().map(|o| o.name.clone()).collect::<Vec<_>>();
        assert_eq!(groups.iter().map(names).collect::<Vec<_>>(), [vec!["A"], vec!["B", "<C>"], vec!["D"]]);
        let topic = Topic { name: "Suite", chosen: Some("A".into()), why: "Why.".into(), offers };
        let html = html(&[topic], Who::Client).into_string();
        assert_eq!(html.matches("Not needed.").count(), 1);
        assert!(html.contains("&lt;C&gt;") && !html.contains("<C>"), "{html}");
        assert!(html.contains("3 more that the client offered"), "{html}");
    }
}
