//! The importer against the scripted server.

use super::formats::online_retail::HEADER;
use super::scripted_server::{ScriptedServer, start};
use super::{
    Channel, Counts, Ended, Format, ProgressStyle, RetryPolicy, Settings, Summary, import,
};
use serde_json::{Value, json};
use std::{fmt::Write as _, io::Write as _, path::Path, time::Duration};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// One invoice of each kind, one apart, and one row of each kind of mistake.
const ODDITIES: &str = "\
536365,A1,LANTERN,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom
536365,A1,LANTERN,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom
536366,A2,,1,2010-12-01 08:28:00,0.125,,EIRE
C536367,D,Discount,-1,2010-12-01 09:41:00,27.5,14527.0,United Kingdom
A536368,B,Adjust bad debt,1,2010-12-01 14:51:00,-11062.06,,United Kingdom
536369,A3,,-10,2010-12-01 15:00:00,0.0,,United Kingdom
536366,A4,\"A, B\",2,2010-12-01 08:29:00,0.0,,EIRE
536370,A5,x
,A6,x,1,2010-12-01 16:00:00,1.0,,France
536371,A7,x,many,2010-12-01 16:00:00,1.0,,France
536371,A8,x,1,2010-12-01 16:00:00,1.0,,France
";

fn counts(invoices: u64, lines: u64) -> Counts {
    Counts { invoices, lines }
}

fn file(dir: &TempDir, rows: &str) -> std::path::PathBuf {
    let path = dir.path().join("retail.csv");
    let mut file = std::fs::File::create(&path).expect("writable");
    write!(file, "{HEADER}\n{rows}").expect("writable");
    path
}

fn many(invoices: u32) -> String {
    let mut rows = String::new();
    for invoice in 0..invoices {
        let _ = writeln!(rows, "{invoice},S,n,1,2011-01-01 10:00:00,1.0,,France");
    }
    rows
}

fn settings(file: &Path, server: &ScriptedServer) -> Settings {
    Settings {
        file: file.to_owned(),
        format: Format::OnlineRetail,
        mapping: None,
        channel: Channel {
            platform: "shop".into(),
            prices_include_tax: false,
        },
        dry_run: false,
        create_platforms: false,
        url: server.url.clone(),
        api_key: "secret".into(),
        concurrency: 8,
        report: None,
        retry: RetryPolicy {
            first_pause: Duration::from_millis(1),
            longest_pause: Duration::from_millis(5),
            give_up_after: Duration::from_secs(5),
        },
        progress: ProgressStyle::Hidden,
    }
}

async fn run(settings: &Settings) -> Summary {
    import(settings, CancellationToken::new())
        .await
        .expect("begins")
}

#[tokio::test]
async fn every_oddity_ends_in_one_row_of_the_report() {
    let (dir, server) = (TempDir::new().expect("a folder"), start());
    let mut settings = settings(&file(&dir, ODDITIES), &server);
    let report = dir.path().join("report.ndjson");
    settings.report = Some(report.clone());
    let summary = run(&settings).await;

    assert!(summary.succeeded(), "{summary}");
    assert_eq!(summary.read, counts(7, 11));
    assert_eq!(summary.imported, counts(4, 6));
    assert_eq!(summary.refused, counts(3, 5));
    let codes: Vec<_> = summary
        .refused_by_code
        .iter()
        .map(|(c, n)| (c.as_str(), *n))
        .collect();
    let expected = [
        ("empty_invoice", counts(0, 1)),
        ("incomplete_invoice", counts(2, 1)),
        ("invalid_quantity", counts(0, 1)),
        ("no_positive_quantity", counts(1, 1)),
        ("wrong_column_count", counts(0, 1)),
    ];
    assert_eq!(codes, expected);
    check_report(&report, &summary);
    check_orders(&server);
}

fn check_orders(server: &ScriptedServer) {
    let state = server.state.lock().expect("not poisoned");
    assert_eq!(
        state.orders["536365"]["lines"].as_array().map(Vec::len),
        Some(2)
    );
    assert_eq!(state.orders["536366"]["lines"][0]["unit_price"], "0.125");
    assert_eq!(state.orders["536366"]["lines"][1]["name"], "A, B");
    assert_eq!(state.orders["536366"]["placed_at"], "2010-12-01T08:28:00Z");
    assert_eq!(state.orders["C536367"]["kind"], "credit");
    assert_eq!(state.orders["A536368"]["kind"], "adjustment");
    assert_eq!(
        state.orders["A536368"]["lines"][0]["unit_price"],
        -1_106_206
    );
    assert!(
        state
            .keys
            .contains(&"import:online-retail:C536367".to_owned())
    );
}

fn check_report(path: &Path, summary: &Summary) {
    let text = std::fs::read_to_string(path).expect("a report");
    let records: Vec<Value> = text
        .lines()
        .map(|l| serde_json::from_str(l).expect("JSON"))
        .collect();
    assert_eq!(records[0]["record"], "import");
    let count = |kind: &str| records.iter().filter(|r| r["record"] == kind).count() as u64;
    assert_eq!(counts(count("invoice"), count("line")), summary.refused);
    let stock = records
        .iter()
        .find(|r| r["record"] == "line" && r["invoice"] == "536369");
    let expected = json!({
        "record": "line", "line": 7, "invoice": "536369",
        "code": "no_positive_quantity", "detail": "as told",
    });
    assert_eq!(stock, Some(&expected));
    let last = records.last().expect("a summary");
    assert_eq!(last["record"], "summary");
    assert_eq!(last["end"], "complete");
    assert_eq!(last["read"]["lines"], summary.read.lines);
}

#[tokio::test]
async fn a_second_import_changes_nothing_and_says_so() {
    let (dir, server) = (TempDir::new().expect("a folder"), start());
    let settings = settings(&file(&dir, &many(50)), &server);
    assert_eq!(run(&settings).await.imported, counts(50, 50));
    for replays in [false, true] {
        server.state.lock().expect("not poisoned").replays = replays;
        let again = run(&settings).await;
        assert_eq!(again.already_there, counts(50, 50));
        assert_eq!(again.imported, Counts::default());
        assert!(again.to_string().contains("Nothing changed"), "{again}");
    }
}

#[tokio::test]
async fn other_content_under_a_taken_number_is_refused_with_the_code() {
    let (dir, server) = (TempDir::new().expect("a folder"), start());
    let settings = settings(&file(&dir, &many(2)), &server);
    run(&settings).await;
    file(&dir, &many(2).replace("n,1,", "n,2,"));
    let summary = run(&settings).await;
    assert_eq!(summary.refused_by_code["external_id_taken"], counts(2, 2));
    assert!(summary.succeeded(), "a refusal is an answer: {summary}");
}

#[tokio::test]
async fn passing_trouble_is_waited_out() {
    let (dir, server) = (TempDir::new().expect("a folder"), start());
    let settings = settings(&file(&dir, &many(20)), &server);
    server.state.lock().expect("not poisoned").trouble =
        [(503, Some("0")), (429, Some("1")), (500, None), (502, None)].into();
    let summary = run(&settings).await;
    assert_eq!(summary.imported, counts(20, 20));
    assert_eq!(summary.retries, 4);
    assert!(summary.elapsed_seconds >= 1.0, "Retry-After is honoured");
}

#[tokio::test]
async fn of_a_request_only_what_has_no_answer_is_sent_again() {
    let (dir, server) = (TempDir::new().expect("a folder"), start());
    let settings = settings(&file(&dir, &many(20)), &server);
    server.state.lock().expect("not poisoned").troubled_lines = 3;
    let summary = run(&settings).await;
    assert_eq!(summary.imported, counts(20, 20), "{summary}");
    let sent = server.state.lock().expect("not poisoned").keys.len();
    assert_eq!(sent, 23);
}

#[tokio::test]
async fn a_system_that_stays_away_fails_the_import_clearly() {
    let (dir, server) = (TempDir::new().expect("a folder"), start());
    let mut settings = settings(&file(&dir, &many(20)), &server);
    // Nobody listens on the reserved port.
    settings.url = "http://127.0.0.1:1".into();
    settings.retry.give_up_after = Duration::from_millis(50);
    let summary = run(&settings).await;
    assert!(!summary.succeeded() && summary.adds_up, "{summary}");
    assert_eq!(summary.not_sent, counts(20, 20));
    let Ended::Failed { failure } = summary.end else {
        panic!("not failed: {summary}");
    };
    assert!(failure.contains("does not take invoice"), "{failure}");
}

#[tokio::test]
async fn a_refused_key_fails_the_import_at_once() {
    let (dir, server) = (TempDir::new().expect("a folder"), start());
    let mut settings = settings(&file(&dir, &many(20)), &server);
    settings.api_key = "other".into();
    let summary = run(&settings).await;
    assert!(matches!(&summary.end, Ended::Failed { failure } if failure.contains("401")));
    assert_eq!(summary.retries, 0);
}

#[tokio::test]
async fn requests_are_in_flight_together_but_not_more_than_told() {
    let (dir, server) = (TempDir::new().expect("a folder"), start());
    let settings = settings(&file(&dir, &many(100)), &server);
    server.state.lock().expect("not poisoned").delay = Duration::from_millis(20);
    run(&settings).await;
    let most = server.state.lock().expect("not poisoned").most_at_once;
    assert!((2..=8).contains(&most), "{most}");
}

#[tokio::test]
async fn a_stopped_import_accounts_for_everything_and_goes_on_when_repeated() {
    let (dir, server) = (TempDir::new().expect("a folder"), start());
    let settings = settings(&file(&dir, &many(12_000)), &server);
    let stop = CancellationToken::new();
    let (running, state) = (import(&settings, stop.clone()), server.state.clone());
    let watcher = async {
        while state.lock().expect("not poisoned").orders.len() < 100 {
            tokio::task::yield_now().await;
        }
        stop.cancel();
    };
    let (summary, ()) = tokio::join!(running, watcher);
    let summary = summary.expect("begins");
    assert_eq!(summary.end, Ended::Stopped);
    assert!(
        summary.adds_up && summary.imported.invoices >= 100,
        "{summary}"
    );
    assert!(summary.not_sent.invoices > 0, "{summary}");
    let stored = server.state.lock().expect("not poisoned").orders.len() as u64;
    assert_eq!(
        stored, summary.imported.invoices,
        "what is in flight is finished"
    );

    let rest = run(&settings).await;
    assert!(rest.succeeded(), "{rest}");
    assert_eq!(rest.imported.invoices, 12_000 - stored);
    assert_eq!(rest.already_there.invoices, stored);
}

#[tokio::test]
async fn xz_is_recognised_and_a_cut_off_file_fails() {
    let (dir, server) = (TempDir::new().expect("a folder"), start());
    let plain = std::fs::read(file(&dir, &many(3_000))).expect("readable");
    let mut packed = Vec::new();
    let mut encoder = async_compression::tokio::bufread::XzEncoder::new(&plain[..]);
    tokio::io::copy(&mut encoder, &mut packed)
        .await
        .expect("packs");
    let path = dir.path().join("retail");
    std::fs::write(&path, &packed).expect("writable");
    let settings = settings(&path, &server);
    assert_eq!(run(&settings).await.imported, counts(3_000, 3_000));

    std::fs::write(&path, &packed[..packed.len() / 2]).expect("writable");
    let cut = run(&settings).await;
    assert!(
        cut.adds_up && matches!(cut.end, Ended::Failed { .. }),
        "{cut}"
    );
}

#[tokio::test]
async fn another_header_is_no_such_file() {
    let (dir, server) = (TempDir::new().expect("a folder"), start());
    let path = dir.path().join("other.csv");
    std::fs::write(&path, "a,b,c\n1,2,3\n").expect("writable");
    let error = import(&settings(&path, &server), CancellationToken::new()).await;
    assert!(
        error
            .expect_err("refused")
            .to_string()
            .contains("InvoiceNo")
    );
}

#[tokio::test]
async fn a_report_never_replaces_the_file_to_import() {
    let (dir, server) = (TempDir::new().expect("a folder"), start());
    let mut settings = settings(&file(&dir, &many(2)), &server);
    settings.report = Some(dir.path().join(".").join("retail.csv"));
    let error = import(&settings, CancellationToken::new()).await;
    assert!(matches!(error, Err(super::ImportError::Report { .. })));
    settings.report = None;
    assert_eq!(run(&settings).await.imported, counts(2, 2));
}
