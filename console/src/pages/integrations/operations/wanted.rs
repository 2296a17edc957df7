//! What people say of a file that they upload.

use crate::{
    Failure, Fields, Visit,
    api::Request,
    pages::integrations::fields::{check, select, text},
};
use maud::{Markup, html};

/// Commands, as `POST /v1/bulk` takes them, and no orders of a file.
const COMMANDS: &str = "commands";
/// Formats, and what people call them.
const FORMATS: [(&str, &str); 5] = [
    ("csv", "CSV, with a mapping"),
    ("shopify", "Shopify orders (JSON)"),
    ("ndjson", "Orders, one a line (NDJSON)"),
    ("online-retail", "UCI Online Retail (CSV)"),
    (COMMANDS, "Commands, one a line (NDJSON of POST /v1/bulk)"),
];
/// What an invalid line means for the others.
const ON_INVALID: [(&str, &str); 2] = [
    ("skip", "leave it out, do the others"),
    ("reject", "do nothing at all"),
];
/// What a mapping looks like.
const EXAMPLE: &str = "platform = \"old-shop\"\n\n[fields]\nexternal_id = \"Order no\"\n\
    currency = { value = \"EUR\" }\nplaced_at = \"Date\"\nsku = \"SKU\"\nquantity = \"Qty\"\n\
    unit_price = \"Price\"";

/// How a file is to be treated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    format: String,
    mapping: Option<String>,
    channel: Option<String>,
    prices_include_tax: bool,
    dry_run: bool,
    on_invalid: String,
}

impl Default for Wanted {
    fn default() -> Self {
        Self {
            format: "csv".to_owned(),
            mapping: None,
            channel: None,
            prices_include_tax: false,
            dry_run: true,
            on_invalid: "skip".to_owned(),
        }
    }
}

impl Wanted {
    /// As it was filled in.
    ///
    /// # Errors
    /// 400 where nobody says what is in the file.
    pub fn filled_in(fields: &Fields) -> Result<Self, Failure> {
        let format = fields.required("format", "The format")?.to_owned();
        // A file of its own counts more than what stands in the field.
        let mapping = fields.one("mapping_file").or(fields.one("mapping"));
        let mapping = mapping.filter(|_| format == "csv").map(str::to_owned);
        let is_shopify = format == "shopify";
        Ok(Self {
            mapping,
            channel: fields
                .one("channel")
                .filter(|_| is_shopify)
                .map(str::to_owned),
            prices_include_tax: is_shopify && fields.one("prices_include_tax").is_some(),
            dry_run: fields.one("dry_run").is_some(),
            on_invalid: fields.one("on_invalid").unwrap_or("skip").to_owned(),
            format,
        })
    }

    /// The request that takes the file, without it, and what the file is sent as.
    pub fn request(&self, visit: &Visit) -> (Request, &'static str) {
        let treated = |request: Request| {
            let request = request.param("on_invalid", &self.on_invalid);
            request.param("dry_run", self.dry_run)
        };
        if self.format == COMMANDS {
            let request = visit.api.upload(&["operations"]);
            return (treated(request), "application/x-ndjson");
        }
        let request = visit.api.upload(&["operations", "import"]);
        let request = treated(request.param("format", &self.format));
        let request = request
            .optional("mapping", self.mapping.as_deref())
            .optional("channel", self.channel.as_deref())
            .optional(
                "prices_include_tax",
                self.prices_include_tax.then_some(true),
            );
        (request, "application/octet-stream")
    }

    /// The fields that it is filled in by; the file comes last, so that all of them are
    /// known when it begins to come.
    pub fn fields(&self) -> Markup {
        html! {
            (select("What is in the file", "format", &FORMATS, Some(&self.format)))
            div.grid {
                fieldset.field {
                    legend { "Of a CSV" }
                    label.field {
                        span { "Mapping (TOML or JSON)" }
                        textarea name="mapping" rows="10" spellcheck="false" placeholder=(EXAMPLE) {
                            (self.mapping.as_deref().unwrap_or_default())
                        }
                        small.hint {
                            "Which column is which field; the file of "
                            code { "orderlog import --mapping" } "."
                        }
                    }
                    label.field {
                        span { "or as a file" }
                        input type="file" name="mapping_file" accept=".toml,.json";
                    }
                }
                fieldset.field {
                    legend { "Of Shopify" }
                    (text("Sales channel", "channel", self.channel.as_deref(), "Slug; shopify, if empty."))
                    (check("Its prices include tax", "prices_include_tax", "yes", self.prices_include_tax))
                }
            }
            fieldset.field {
                legend { "How" }
                (check("Dry run: decide everything, store nothing", "dry_run", "yes", self.dry_run))
                (select("A line that cannot be read", "on_invalid", &ON_INVALID, Some(&self.on_invalid)))
            }
            label.field {
                span { "File" }
                input type="file" name="file" required;
                small.hint { "Plain, or an import packed as .gz, .zst or .xz. It is sent on as it comes." }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled_in(pairs: &[(&str, &str)]) -> Option<Wanted> {
        Wanted::filled_in(&Fields::filled_in(pairs)).ok()
    }

    #[test]
    fn only_what_belongs_to_the_format_counts() {
        let csv = [
            ("format", "csv"),
            ("mapping", "typed"),
            ("mapping_file", "of a file"),
            ("channel", "web"),
            ("dry_run", "yes"),
        ];
        let csv = filled_in(&csv).expect("wanted");
        assert_eq!(csv.mapping.as_deref(), Some("of a file"));
        assert_eq!((csv.channel, csv.dry_run), (None, true));
        let shopify = [
            ("format", "shopify"),
            ("mapping", "typed"),
            ("channel", "web"),
            ("prices_include_tax", "yes"),
        ];
        let shopify = filled_in(&shopify).expect("wanted");
        assert_eq!((shopify.mapping, shopify.dry_run), (None, false));
        assert!(shopify.prices_include_tax);
        assert_eq!(filled_in(&[]), None);
    }

    #[test]
    fn the_file_is_the_last_field() {
        let form = Wanted::default().fields().into_string();
        let file = form.find("name=\"file\"").expect("a file");
        assert!(
            form.rfind("name=\"").is_some_and(|last| last == file),
            "{form}"
        );
    }
}
