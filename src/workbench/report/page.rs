//! The report as one page: the document's data beside a template that needs no network.

use super::super::Result;
use super::super::inspect::to_json;
use super::Report;

const TEMPLATE: &str = include_str!("page.html");

/// Where the data goes.
const MARK: &str = "/*DATA*/null";

/// The page.
pub(super) fn text(report: &Report) -> Result<String> {
    Ok(TEMPLATE.replacen(MARK, &harmless(&to_json(report)?.to_string()), 1))
}

/// JSON as it may stand in a script: names in it are strangers', and must not end the script or begin a comment.
fn harmless(json: &str) -> String {
    json.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_cannot_leave_its_place() {
        let text = harmless("{\"name\":\"</script><script>alert(1)</script><!--\u{2028}&\"}");
        assert!(
            !text.contains('<') && !text.contains('>') && !text.contains('&') && !text.contains('\u{2028}')
        );
        assert!(TEMPLATE.contains(MARK));
        // Nothing is fetched, and the browser is told so.
        assert!(
            !TEMPLATE.contains("http://") && !TEMPLATE.contains("https://") && !TEMPLATE.contains("src=")
        );
        assert!(TEMPLATE.contains("Content-Security-Policy") && !TEMPLATE.contains("innerHTML"));
    }
}
