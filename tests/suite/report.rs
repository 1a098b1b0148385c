//! Reports, looked at as people and programs do: in a real browser, and as JSON.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::registry::find;
use crate::support::{Outcome, Plywood};

/// Names that mean something to a page.
const HOSTILE: &str = "</script><script>document.title='taken'</script><img src=x onerror=alert(1)>";

/// An image with a large file, a hidden one, a log, and a hostile name.
fn image(plywood: &Plywood) {
    let script = format!(
        r#"let c = run(base(), "mkdir -p /srv/data /var/log; head -c 400000 /dev/zero >/srv/data/big; head -c 90000 /dev/zero >/srv/gone; echo x >/var/log/app.log").commit("app:1");
           let c = run(c, "rm /srv/gone");
           let text = "hello"; text.pad(50000, "x"); write(c, `/srv/{}`, text);
           commit(c, "app:2");"#,
        HOSTILE.replace('/', "|")
    );
    plywood.eval(&script).assert_ok();
}

/// What the page is once its scripts have run, and what it had to complain about.
fn seen(browser: &Path, page: &Path, hash: &str) -> (String, String) {
    let profile = tempfile::tempdir().unwrap();
    let mut command = Command::new(browser);
    command
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--window-size=1200,900",
        ])
        .args(["--enable-logging=stderr", "--v=0", "--virtual-time-budget=3000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("file://{}{hash}", page.display()))
        .stdin(Stdio::null());
    let outcome = Outcome::of(&mut command);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let complaints = outcome.stderr.lines().filter(|line| line.contains("CONSOLE"));
    (outcome.stdout.clone(), complaints.collect::<Vec<_>>().join("\n"))
}

#[test]
fn the_page_works_in_a_browser_and_hostile_names_do_nothing() {
    let Some(browser) = find("chromium") else { return };
    let (plywood, folder) = (Plywood::new(), tempfile::tempdir().unwrap());
    image(&plywood);
    let page = folder.path().join("report.html");
    plywood.eval(&format!("report(\"app:2\", `{}`)", page.display())).assert_ok();

    let (whole, complaints) = seen(&browser, &page, "");
    assert_eq!(complaints, "");
    assert!(whole.contains("<title>app:2</title>"), "{}", &whole[..2000]);
    // The map: boxes with a place and a size; the layers; what is hidden, and by which layer.
    assert!(whole.contains("class=\"folder\" title=\"/srv"), "no map");
    assert!(whole.contains("<td class=\"path\">/srv/gone</td>"), "no waste");
    assert!(whole.contains("<td class=\"path\">/var/log/app.log</td>"), "no junk");
    assert_eq!(whole.matches("<img").count(), 0, "a name became an element");

    let (inside, complaints) = seen(&browser, &page, "#folder=srv");
    assert_eq!(complaints, "");
    assert!(inside.contains("title=\"/srv/data\n400.0 kB, layer 1\""), "the folder is not drawn");
    // Whether a browser escapes what is in an attribute, it may choose.
    let hostile = ["title=\"/srv/&lt;|script&gt;", "title=\"/srv/<|script>"];
    assert!(hostile.iter().any(|title| inside.contains(title)), "the hostile name is not shown");
    assert!(inside.contains("<title>app:2</title>") && inside.contains("&lt;|script&gt;&lt;script&gt;"));

    for (search, wanted, unwanted) in [
        ("data/big", "/srv/data/big</td>", "app.log</td></tr></tbody></table></main>"),
        ("%2Fsrv%2Fd.*g$%2F", "/srv/data/big</td>", "/srv/data</td>"),
        ("onerror", "onerror=alert(1)&gt;</td>", "/srv/data/big</td>"),
    ] {
        let (found, complaints) = seen(&browser, &page, &format!("#search={search}"));
        assert_eq!(complaints, "", "{search}");
        let table = found.split("id=\"found\"").nth(1).unwrap().split("</table>").next().unwrap();
        assert!(table.contains(wanted) && !table.contains(unwanted), "{search}: {table}");
    }
}

#[test]
fn markdown_json_and_dives_shape() {
    let (plywood, folder) = (Plywood::new(), tempfile::tempdir().unwrap());
    image(&plywood);
    let at = |name: &str| folder.path().join(name);
    let write = |name: &str, options: &str| {
        plywood.eval(&format!("report(\"app:2\", `{}`{options})", at(name).display())).assert_ok();
        fs::read_to_string(at(name)).unwrap()
    };
    let markdown = write("report.md", "");
    assert!(
        markdown.starts_with("# `app:2`\n")
            && markdown.contains("| 90.0 kB | 1 | 2 | removed | `/srv/gone` |"),
        "{markdown}"
    );
    assert!(markdown.contains("## Layers") && markdown.contains("`/var/log/app.log`"), "{markdown}");

    let json: Value = serde_json::from_str(&write("report.json", "")).unwrap();
    assert_eq!((&json["waste"], json["layers"].as_array().unwrap().len()), (&Value::from(90_000), 3));
    let total: u64 =
        json["layers"].as_array().unwrap().iter().map(|layer| layer["size"].as_u64().unwrap()).sum();
    assert_eq!(json["size"], total);
    assert_eq!(json["tree"]["size"], total - 90_000);

    let dive: Value = serde_json::from_str(&write("dive.json", ", #{ format: \"dive\" }")).unwrap();
    assert_eq!(dive["image"]["inefficientBytes"], 90_000);
    assert_eq!(
        dive["image"]["fileReference"][0],
        serde_json::json!({ "count": 1, "sizeBytes": 90_000, "file": "/srv/gone" })
    );
    let last = dive["layer"][2]["fileList"].as_array().unwrap();
    assert!(last.iter().any(|file| file["path"] == "srv/.wh.gone"), "{last:?}");
    let folder_mode = last.iter().find(|file| file["path"] == "srv").unwrap();
    assert_eq!(
        (&folder_mode["isDir"], &folder_mode["fileMode"]),
        (&Value::from(true), &Value::from(0o755_u32 | 1 << 31))
    );

    let nowhere = plywood.eval("report(\"app:2\", \"/no/such/folder/x.html\")");
    assert!(nowhere.code == 1 && nowhere.stderr.contains("/no/such/folder/x.html"), "{nowhere:?}");
    let unsaid = plywood.eval("report(\"app:2\", \"x.pdf\")");
    assert!(unsaid.stderr.contains("let it end with"), "{unsaid:?}");
}
