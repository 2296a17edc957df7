//! Codings of a body that is sent again and again: each is made once.

use super::Coding;
use actix_web::web::Bytes;
use std::sync::{Arc, OnceLock};

/// The codings of one body that were made; none are kept of most bodies. Among the
/// extensions of an answer with that body they are used, and completed. Cheap to
/// clone.
#[derive(Debug, Clone, Default)]
pub struct CodedForms(Option<Arc<Forms>>);

#[derive(Debug)]
struct Forms {
    plain: Bytes,
    /// By the place of a coding among all.
    coded: [OnceLock<Bytes>; Coding::ALL.len()],
}

/// They say nothing that their body does not.
impl PartialEq for CodedForms {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for CodedForms {}

impl CodedForms {
    /// Keeps codings of `plain`, and itself. Together they take no more than once
    /// again its length: what does not pack is made each time.
    pub fn of(plain: &Bytes) -> Self {
        Self(Some(Arc::new(Forms {
            plain: plain.clone(),
            coded: Default::default(),
        })))
    }

    /// The coding of this very body, if it was made.
    pub(super) fn get(&self, plain: &Bytes, coding: Coding) -> Option<Bytes> {
        self.place(plain, coding)?.get().cloned()
    }

    /// Keeps what was made of this very body.
    pub(super) fn keep(&self, plain: &Bytes, coding: Coding, coded: &Bytes) {
        let Some(place) = self.place(plain, coding) else {
            return;
        };
        if coded.len() <= plain.len() / Coding::ALL.len() {
            // Whoever was first has made the same. What a coder has written to may
            // have room for more.
            place.get_or_init(|| Bytes::copy_from_slice(coded));
        }
    }

    fn place(&self, plain: &Bytes, coding: Coding) -> Option<&OnceLock<Bytes>> {
        let forms = self.0.as_deref()?;
        let same = forms.plain.as_ptr() == plain.as_ptr() && forms.plain.len() == plain.len();
        same.then(|| &forms.coded[coding as usize])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codings_are_those_of_one_body_and_take_no_more_than_it() {
        let body = || Bytes::from(vec![b'x'; 300]);
        let (plain, other) = (body(), body());
        let forms = CodedForms::of(&plain);
        let coded = Bytes::from_static(&[1; 100]);
        assert_eq!(forms.get(&plain, Coding::Gzip), None);
        forms.keep(&other, Coding::Gzip, &coded);
        assert_eq!(forms.get(&plain, Coding::Gzip), None, "of another body");
        forms.keep(&plain, Coding::Gzip, &coded);
        assert_eq!(forms.get(&plain, Coding::Gzip), Some(coded));
        assert_eq!(forms.get(&other, Coding::Gzip), None);
        assert_eq!(forms.get(&plain, Coding::Zstd), None, "each by itself");
        forms.keep(&plain, Coding::Zstd, &Bytes::from_static(&[1; 101]));
        assert_eq!(forms.get(&plain, Coding::Zstd), None, "it does not pack");
        CodedForms::default().keep(&plain, Coding::Zstd, &plain);
    }
}
