//! `POST /console/operations`: takes a file, and hands it on to the API as it comes.
//!
//! ```text
//! browser ─> fields, held against the session ─> file ─> a few pieces ─> POST /v1/operations
//! ```

use super::{UPLOAD, list, path_of, told::Operation, wanted::Wanted};
use crate::{
    Failure, Fields, Visit,
    csrf::{self, FIELD},
    session::Notice,
};
use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::{
    HttpRequest, HttpResponse,
    http::{ConnectionType, header::ContentDisposition},
    web::Bytes,
};
use futures_util::{
    Stream, StreamExt as _, TryStreamExt as _,
    future::{Either, select},
    stream::{self, Fuse},
};
use std::{io, time::Duration};
use tokio::{sync::mpsc, time::timeout};

/// The field of the file.
const FILE: &str = "file";
/// Bytes of another field.
const LONGEST_FIELD: usize = 64 << 10;
/// Fields before the file.
const MOST_FIELDS: usize = 32;
/// Pieces of the file that are on their way at a time.
const WAITING: usize = 2;

/// Bytes of a file that was refused that are read all the same.
const MOST_DRAINED: usize = 32 << 20;
/// For how long they are.
const DRAINS: Duration = Duration::from_secs(30);
/// How long the API may take to answer once it has the file.
const ANSWERED: Duration = Duration::from_mins(5);

type Piece = Result<Bytes, io::Error>;

/// Takes it.
pub async fn handle(
    visit: Visit,
    request: HttpRequest,
    mut form: Multipart,
) -> Result<HttpResponse, Failure> {
    if !csrf::same_origin(&request) {
        return Err(Failure::Forged);
    }
    let (fields, file) = until_file(&mut form).await?;
    csrf::check(&visit, fields.one(FIELD).unwrap_or_default())?;
    visit.demand("POST", UPLOAD)?;
    let wanted = Wanted::filled_in(&fields)?;
    let no_file = || Failure::Form("A file has to be chosen".to_owned());
    let file = file.ok_or_else(no_file)?;
    let Sent { answer, whole } = send(&visit, &wanted, fields.once()?, file).await;
    let mut response = match answer {
        Ok(operation) => {
            let done = Notice::done("The file is there, and is worked on.");
            visit.see(&path_of(operation.id), &done)
        }
        Err(failure) => {
            let refused = failure.into_refusal()?;
            list::show(&visit, &Fields::default(), (&wanted, Some(&refused))).await?
        }
    };
    if !whole {
        // What is still to come is nobody's next request.
        let head = response.head_mut();
        head.set_connection_type(ConnectionType::Close);
    }
    Ok(response)
}

/// The fields before the file, and the file where one was chosen.
async fn until_file(form: &mut Multipart) -> Result<(Fields, Option<Field>), Failure> {
    let mut pairs = Vec::new();
    while let Some(mut field) = form.try_next().await.map_err(|e| unreadable(&e))? {
        let name = field.name().unwrap_or_default().to_owned();
        if name == FILE {
            let disposition = field.content_disposition();
            let called = disposition.and_then(ContentDisposition::get_filename);
            let chosen = called.is_some_and(|called| !called.is_empty());
            return Ok((Fields::new(pairs), chosen.then_some(field)));
        }
        let long = |_| Failure::Form(format!("{name} is longer than {LONGEST_FIELD} bytes"));
        let bytes = field.bytes(LONGEST_FIELD).await.map_err(long)?;
        let bytes = bytes.map_err(|error| unreadable(&error))?;
        let text = String::from_utf8(bytes.to_vec());
        let text = text.map_err(|_| Failure::Form(format!("{name} is no text in UTF-8")))?;
        pairs.push((name, text));
        if pairs.len() > MOST_FIELDS {
            return Err(Failure::Form("The form has too many fields".to_owned()));
        }
    }
    Ok((Fields::new(pairs), None))
}

fn unreadable(error: &MultipartError) -> Failure {
    Failure::Form(format!("The form cannot be read: {error}"))
}

/// What became of a file.
struct Sent {
    /// What the API says.
    answer: Result<Operation, Failure>,
    /// Whether all of it was read, whoever took it.
    whole: bool,
}

/// Sends it on, as fast as the API takes it.
async fn send(visit: &Visit, wanted: &Wanted, once: &str, file: Field) -> Sent {
    let (request, kind) = wanted.request(visit);
    let (pieces, body) = mpsc::channel(WAITING);
    let body = stream::unfold(body, |mut body: mpsc::Receiver<Piece>| async move {
        let piece = body.recv().await?;
        Some((piece, body))
    });
    let request = request.idempotency_key(once);
    let request = request.body(kind, reqwest::Body::wrap_stream(body));
    let mut file = file.fuse();
    let answer = {
        let answered = Box::pin(request.read::<Operation>());
        let forwarded = Box::pin(forward(&mut file, pieces));
        match select(answered, forwarded).await {
            Either::Left((answer, _)) => answer,
            Either::Right(((), answered)) => in_time(answered).await,
        }
    };
    let whole = drain(&mut file).await;
    Sent { answer, whole }
}

/// The answer to a file that was sent: that may have taken hours, an answer does not.
async fn in_time<T>(answer: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let late = |_| Failure::Away {
        late: true,
        cause: "no answer to a file that was sent".to_owned(),
    };
    timeout(ANSWERED, answer).await.map_err(late)?
}

/// Reads the rest of what was refused early, as a browser shows no answer as long as it
/// sends; whether that was all. Nobody is read for ever: some of the rest, for a while.
async fn drain<E>(rest: &mut (impl Stream<Item = Result<Bytes, E>> + Unpin)) -> bool {
    let reading = async {
        let mut read = 0;
        while let Some(piece) = rest.next().await {
            read += piece.map_or(MOST_DRAINED, |piece| piece.len());
            if read >= MOST_DRAINED {
                return false;
            }
        }
        true
    };
    timeout(DRAINS, reading).await.unwrap_or(false)
}

/// Hands the file on, until it ends or nobody takes it any more.
async fn forward(file: &mut Fuse<Field>, pieces: mpsc::Sender<Piece>) {
    while let Some(piece) = file.next().await {
        let piece = piece.map_err(|error| io::Error::other(error.to_string()));
        let broken = piece.is_err();
        if pieces.send(piece).await.is_err() || broken {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
    use std::convert::Infallible;

    fn form(parts: &[(&str, &str)]) -> Multipart {
        let part = |(disposition, content): &(&str, &str)| {
            let head = "--x\r\nContent-Disposition: form-data; ";
            [head, *disposition, "\r\n\r\n", *content, "\r\n"].concat()
        };
        let mut body: String = parts.iter().map(part).collect();
        body += "--x--\r\n";
        let mut headers = HeaderMap::new();
        let kind = HeaderValue::from_static("multipart/form-data; boundary=x");
        headers.insert(CONTENT_TYPE, kind);
        // It comes as it likes.
        let pieces: Vec<_> = body
            .as_bytes()
            .chunks(11)
            .map(|piece| Ok(Bytes::copy_from_slice(piece)))
            .collect();
        Multipart::new(&headers, stream::iter(pieces))
    }

    #[actix_web::test]
    async fn fields_are_known_before_the_file_is_read_and_the_file_comes_whole() {
        let mut form = form(&[
            ("name=\"csrf\"", "token"),
            (
                "name=\"mapping_file\"; filename=\"m.toml\"",
                "platform = \"é\"",
            ),
            ("name=\"file\"; filename=\"orders.csv\"", "a;b\n1;2\n"),
        ]);
        let (fields, file) = until_file(&mut form).await.expect("fields");
        assert_eq!(fields.one("csrf"), Some("token"));
        assert_eq!(fields.one("mapping_file"), Some("platform = \"é\""));
        let (sent, mut received) = mpsc::channel(100);
        forward(&mut file.expect("a file").fuse(), sent).await;
        let mut whole = Vec::new();
        while let Some(piece) = received.recv().await {
            whole.extend_from_slice(&piece.expect("a piece"));
        }
        assert_eq!(whole, b"a;b\n1;2\n");
    }

    #[actix_web::test]
    async fn what_was_refused_is_read_for_a_while_and_not_for_ever() {
        let piece = Bytes::from(vec![b'x'; 1 << 20]);
        let rest = |pieces| stream::iter(vec![Ok::<_, Infallible>(piece.clone()); pieces]);
        assert!(drain(&mut rest(2)).await);
        let mut endless = stream::repeat_with(|| Ok::<_, io::Error>(piece.clone()));
        assert!(!drain(&mut endless).await);
        let broken = Err::<Bytes, _>(io::Error::other("gone"));
        assert!(!drain(&mut stream::iter([broken])).await);
    }

    #[actix_web::test]
    async fn a_form_without_a_file_has_none_and_a_long_field_is_refused() {
        let mut empty = form(&[("name=\"csrf\"", "x"), ("name=\"file\"; filename=\"\"", "")]);
        let (_, file) = until_file(&mut empty).await.expect("fields");
        assert!(file.is_none());
        let long = "x".repeat(LONGEST_FIELD + 1);
        let mut long = form(&[("name=\"mapping\"", &long)]);
        assert!(until_file(&mut long).await.is_err());
        let parts = ("name=\"a\"", "x");
        let mut many = form(&[parts; MOST_FIELDS + 1]);
        assert!(until_file(&mut many).await.is_err());
    }
}
