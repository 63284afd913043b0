//! The files beside the page, in the binary.

/// A file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Asset {
    pub(in super::super) content_type: &'static str,
    pub(in super::super) text: &'static str,
}

const CSS: &str = "text/css; charset=utf-8";
const MODULE: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// The file at this path.
pub(in super::super) fn asset(path: &str) -> Option<Asset> {
    let (content_type, text) = match path {
        "/page.css" => (CSS, include_str!("assets/page.css")),
        "/page.js" => (MODULE, include_str!("assets/page.js")),
        "/light.js" => (MODULE, include_str!("assets/light.js")),
        "/tabs.js" => (MODULE, include_str!("assets/tabs.js")),
        "/icon.svg" => (SVG, include_str!("assets/icon.svg")),
        _ => return None,
    };
    Some(Asset { content_type, text })
}
