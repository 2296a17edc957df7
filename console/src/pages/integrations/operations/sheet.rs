//! `GET /console/operations/{id}/failed.csv`: the results of lines that failed, for a
//! spreadsheet. The API has them as NDJSON; they are written anew as they come.

use super::{results::save_as, told::LineResult};
use crate::{Failure, Visit, api::Pieces};
use actix_web::{
    HttpResponse,
    http::header::CONTENT_TYPE,
    web::{Bytes, Path},
};
use futures_util::stream;
use infra::http::{Line, Lines, UNBUFFERED};
use std::io;
use uuid::Uuid;

const CSV: &str = "text/csv; charset=utf-8; header=present";
/// The first record.
const HEADER: &str = "lines,about,command,problem,why\r\n";
/// Bytes that are sent at a time, about.
const PIECE: usize = 32 << 10;

/// Sends it.
///
/// # Errors
/// The API is away, or has refused.
pub async fn download(visit: Visit, id: Path<Uuid>) -> Result<HttpResponse, Failure> {
    let path = ["operations", &id.to_string(), "results"];
    let results = visit.api.get(&path).param("outcome", "failed");
    let lines = Lines::after(results.pieces().await?, 0, 0);
    let begun = (lines, Some(HEADER.to_owned()));
    let sheet = stream::try_unfold(begun, |(mut lines, header)| async move {
        let piece = records(&mut lines, header.unwrap_or_default()).await?;
        Ok::<_, io::Error>((!piece.is_empty()).then(|| (Bytes::from(piece), (lines, None))))
    });
    let mut answer = HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, CSV))
        .insert_header(UNBUFFERED)
        .streaming(Box::pin(sheet));
    save_as(&mut answer, &format!("failed-{id}.csv"));
    Ok(answer)
}

/// The next records, about a piece of them, after `piece`; nothing at the end.
async fn records(lines: &mut Lines<Pieces>, mut piece: String) -> Result<String, io::Error> {
    while piece.len() < PIECE {
        let Some((_, line)) = lines.next().await? else {
            break;
        };
        // The trailer is no result.
        if let Line::Whole(text) = line
            && let Ok(result) = serde_json::from_slice::<LineResult>(&text)
        {
            piece += &record(&result);
        }
    }
    Ok(piece)
}

/// A result as a record (RFC 4180).
fn record(result: &LineResult) -> String {
    let (problem, why) = match &result.problem {
        Some(problem) => (problem.named().to_owned(), problem.sentence()),
        None => (result.status.to_string(), String::new()),
    };
    let cells: [&str; 5] = [
        &result.lines(),
        result.about().unwrap_or_default(),
        result.op.as_deref().unwrap_or_default(),
        &problem,
        &why,
    ];
    cells.map(cell).join(",") + "\r\n"
}

/// A text as a cell. One that a spreadsheet would run as a formula has an apostrophe
/// before it (OWASP, CSV injection).
fn cell(text: &str) -> String {
    let runs = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let quote = if runs { "'" } else { "" };
    format!("\"{quote}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_a_record_that_no_spreadsheet_runs() {
        let result: LineResult = serde_json::from_value(serde_json::json!({
            "line": 1, "op": "import_order", "status": 422,
            "source": {"invoice": "=cmd()", "lines": [7, 8]},
            "problem": {"code": "no_order", "title": "None", "reason": "no_date",
                "detail": "a \"date\" is missing"},
        }))
        .expect("a result");
        assert_eq!(
            record(&result),
            "\"7, 8\",\"'=cmd()\",\"import_order\",\"no_date\",\"a \"\"date\"\" is missing\"\r\n"
        );
    }
}
