//! A file that was uploaded, step by step.

use super::{
    ImportError,
    formats::{
        mapped::{self, Mapped, Mapping, csv::Csv},
        ndjson::Ndjson,
        online_retail::OnlineRetail,
        shopify::Shopify,
    },
    item::{Item, Source as _},
    open::{Reader, unpacked},
};
use crate::import::Channel;
use infra::{
    http::MOST_UNPACKED,
    operations::{ImportFormat, ImportTerms},
};
use std::{
    io,
    path::Path,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncBufRead, AsyncRead, BufReader, ReadBuf};

/// Bytes read at a time.
const BUFFER: usize = 64 << 10;
/// What a mapping is called that came without a file of its own.
const MAPPING: &str = "of the request";

/// The items of a file, in one of the formats that are uploaded.
pub(crate) enum Uploaded {
    /// Bodies of orders.
    Ndjson(Box<Ndjson>),
    /// With a mapping.
    Csv(Box<Mapped<Csv>>),
    /// Of Shopify.
    Shopify(Box<Shopify>),
    /// Of the data set.
    OnlineRetail(Box<OnlineRetail>),
}

impl Uploaded {
    /// Begins to read: what the file begins with, and what a mapping says of it, is
    /// checked.
    ///
    /// # Errors
    /// A file that cannot be read, or is none of the format.
    pub(crate) async fn begin(
        file: impl AsyncRead + Send + Unpin + 'static,
        terms: &ImportTerms,
    ) -> Result<Self, ImportError> {
        let file = unpacked(BufReader::with_capacity(BUFFER, file)).await;
        let file = file.map_err(|source| ImportError::Read { line: 0, source })?;
        let reader: Reader = Box::new(Capped {
            inner: file,
            left: MOST_UNPACKED,
        });
        Ok(match terms.format {
            ImportFormat::Ndjson => Self::Ndjson(Box::new(Ndjson::new(reader))),
            ImportFormat::Csv => {
                let path = Path::new(MAPPING);
                let mapping = mapping(terms, path)?;
                let csv = mapped::csv::begin(reader, mapping, path).await?;
                Self::Csv(Box::new(csv))
            }
            ImportFormat::Shopify => {
                let channel = Channel {
                    platform: terms.platform.clone().unwrap_or_default(),
                    prices_include_tax: terms.prices_include_tax,
                };
                Self::Shopify(Box::new(Shopify::new(reader, channel)))
            }
            ImportFormat::OnlineRetail => {
                let source = OnlineRetail::begin(reader).await?;
                Self::OnlineRetail(Box::new(source))
            }
        })
    }

    /// The next item; none at the end of the file.
    ///
    /// # Errors
    /// Only for a file that cannot be read on.
    pub(crate) async fn next(&mut self) -> Result<Option<Item>, ImportError> {
        match self {
            Self::Ndjson(source) => source.next().await,
            Self::Csv(source) => source.next().await,
            Self::Shopify(source) => source.next().await,
            Self::OnlineRetail(source) => source.next().await,
        }
    }
}

fn mapping(terms: &ImportTerms, path: &Path) -> Result<Mapping, ImportError> {
    let none = || ImportError::NoMapping(terms.format.name());
    let text = terms.mapping.as_deref().ok_or_else(none)?;
    Mapping::of_text(text).map_err(|detail| ImportError::Mapping {
        path: path.to_owned(),
        detail,
    })
}

/// A reader that fails beyond so many bytes.
struct Capped<R> {
    inner: R,
    left: u64,
}

impl<R: AsyncBufRead + Unpin> AsyncBufRead for Capped<R> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        let filled = ready!(Pin::new(&mut this.inner).poll_fill_buf(cx))?;
        if this.left == 0 && !filled.is_empty() {
            let error = format!("unpacked it is larger than {MOST_UNPACKED} bytes");
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::FileTooLarge, error)));
        }
        let left = usize::try_from(this.left).unwrap_or(usize::MAX);
        Poll::Ready(Ok(&filled[..filled.len().min(left)]))
    }

    fn consume(self: Pin<&mut Self>, amount: usize) {
        let this = self.get_mut();
        this.left = this.left.saturating_sub(amount as u64);
        Pin::new(&mut this.inner).consume(amount);
    }
}

impl<R: AsyncBufRead + Unpin> AsyncRead for Capped<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let filled = ready!(self.as_mut().poll_fill_buf(cx))?;
        let taken = filled.len().min(buf.remaining());
        buf.put_slice(&filled[..taken]);
        self.consume(taken);
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_compression::tokio::write::GzipEncoder;
    use std::io::Cursor;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    const CSV: &str = "No,Date,Sku,Qty,Price\n1,2026-01-31,MUG,2,12.50\n2,soon,MUG,1,1\n";
    const TOML: &str = r#"
        platform = "old-shop"
        [fields]
        external_id = "No"
        currency = { value = "EUR" }
        placed_at = "Date"
        sku = "Sku"
        quantity = "Qty"
        unit_price = "Price"
    "#;

    fn terms(format: ImportFormat, mapping: Option<&str>) -> ImportTerms {
        ImportTerms {
            format,
            mapping: mapping.map(str::to_owned),
            platform: None,
            prices_include_tax: false,
        }
    }

    async fn items(file: Vec<u8>, terms: &ImportTerms) -> Result<Vec<Item>, ImportError> {
        let mut uploaded = Uploaded::begin(Cursor::new(file), terms).await?;
        let mut items = Vec::new();
        while let Some(item) = uploaded.next().await? {
            items.push(item);
        }
        Ok(items)
    }

    #[tokio::test]
    async fn a_packed_file_is_read_as_the_mapping_says() {
        let mut gzip = GzipEncoder::new(Vec::new());
        gzip.write_all(CSV.as_bytes()).await.expect("memory");
        gzip.shutdown().await.expect("memory");
        let terms = terms(ImportFormat::Csv, Some(TOML));
        let packed = items(gzip.into_inner(), &terms).await.expect("readable");
        assert_eq!(packed, items(CSV.into(), &terms).await.expect("readable"));
        let orders = packed
            .iter()
            .filter(|item| matches!(item, Item::Order { .. }));
        assert_eq!((orders.count(), packed.len() > 1), (1, true), "{packed:?}");
    }

    #[tokio::test]
    async fn what_is_wrong_with_the_mapping_or_the_file_is_said() {
        let refused = async |format, mapping, file: &str| {
            let items = items(file.into(), &terms(format, mapping)).await;
            items.expect_err("no such file").to_string()
        };
        let told = refused(ImportFormat::Csv, Some("platform = 1"), CSV).await;
        assert!(told.starts_with("the mapping of the request: "), "{told}");
        let told = refused(ImportFormat::Csv, None, CSV).await;
        assert_eq!(told, "the format csv needs a mapping file");
        let told = refused(ImportFormat::OnlineRetail, None, CSV).await;
        assert!(
            told.starts_with("this is not a file of the format"),
            "{told}"
        );
    }

    #[tokio::test]
    async fn a_reader_fails_beyond_its_bytes() {
        let capped = |left| Capped {
            inner: &b"0123456789"[..],
            left,
        };
        let mut text = String::new();
        let read = capped(10).read_to_string(&mut text).await;
        assert_eq!((read.ok(), text.as_str()), (Some(10), "0123456789"));
        let error = capped(9).read_to_string(&mut String::new()).await;
        assert_eq!(
            error.expect_err("too large").kind(),
            io::ErrorKind::FileTooLarge
        );
    }
}
