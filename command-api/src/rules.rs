//! The rules of platforms, as commands on orders are decided by them.

use crate::{call::Call, reference::Kind as _};
use domain::{
    order::Rejection,
    platform::{self, Platform, PlatformCommand, PlatformRules, SavePlatform},
    text::Slug,
};
use infra::{
    clock,
    command::{CommandContext, CommandIdentity, ExecuteError},
    platforms::{PlatformNow, PlatformSettings, UnknownPlatform},
};
use std::{error::Error, fmt, future::ready, sync::Arc};

type Failed = ExecuteError<Rejection>;

impl Call {
    /// The rules of the platform of an order that exists.
    ///
    /// # Errors
    /// When the log does not answer, or the order's platform is none.
    pub async fn rules_of(&self, slug: &str) -> Result<PlatformRules, Failed> {
        let stored = |error| ExecuteError::Broken(Box::new(error));
        let slug = Slug::try_from(slug).map_err(stored)?;
        Ok(rules(&slug, &*self.platform(&slug).await?))
    }

    /// The rules of the platform of a new order. One that nobody knows is made
    /// by the way where `create`, or the deployment, says so.
    ///
    /// # Errors
    /// `platform_not_found`; when the log does not answer.
    pub async fn rules_of_new(&self, slug: &Slug, create: bool) -> Result<PlatformRules, Failed> {
        let create = create && self.may("platforms:write");
        let now = self.platform(slug).await?;
        if self.api.platforms.knows(slug, &now) {
            return Ok(rules(slug, &now));
        }
        if !create && self.api.config.unknown_platform == UnknownPlatform::Refuse {
            return Err(ExecuteError::Rejected(Rejection::PlatformUnknown {
                platform: slug.to_string(),
            }));
        }
        if self.rehearsal.is_some() {
            return Ok(rules(slug, &now));
        }
        self.make_platform(slug).await?;
        self.rules_of(slug).await
    }

    async fn platform(&self, slug: &str) -> Result<Arc<PlatformNow>, Failed> {
        let now = self.api.platforms.get(slug).await;
        now.map_err(|error| ExecuteError::Unavailable {
            unknown: false,
            source: Box::new(LookUp(error)),
        })
    }

    /// Two that make it at the same time make it once.
    async fn make_platform(&self, slug: &Slug) -> Result<(), Failed> {
        let (id, executor) = (Platform::id(slug), &self.api.reference.platforms);
        let context = CommandContext {
            identity: CommandIdentity {
                id: clock::new_id(),
                payload_hash: String::new(),
            },
            if_match: None,
            ..self.context.clone()
        };
        let save = |platform: &Platform| {
            ready(match platform.now {
                // Somebody has saved it in this very moment.
                Some(_) => Err(ExecuteError::Rejected(
                    platform::Rejection::PlatformArchived,
                )),
                None => Ok(PlatformCommand::from(SavePlatform::unknown(slug.clone()))),
            })
        };
        let id = id.hyphenated().to_string();
        match executor.execute(&id, &context, save).await {
            Ok(_) | Err(ExecuteError::Rejected(_)) => {
                self.api.platforms.changed(slug).await;
                Ok(())
            }
            Err(error) => Err(error.of_another()),
        }
    }
}

fn rules(slug: &Slug, now: &PlatformNow) -> PlatformRules {
    let Some(platform) = &now.saved else {
        return configured(slug, &now.settings);
    };
    PlatformRules::of(platform, now.version)
}

/// The rules of a platform that nobody has saved.
fn configured(slug: &Slug, settings: &PlatformSettings) -> PlatformRules {
    PlatformRules {
        prices_include_tax: settings.prices_include_tax,
        auto_confirm: settings.auto_confirm,
        allow_unpaid_shipping: settings.allow_unpaid_shipping,
        expire_unpaid_after_seconds: settings.expire_unpaid_after_seconds,
        archive_settled_after_seconds: settings.archive_settled_after_seconds,
        on_cancellation: settings.on_cancellation,
        ..PlatformRules::unknown(slug.clone())
    }
}

/// Why a platform could not be looked up; shared by all who have asked.
#[derive(Debug)]
struct LookUp(Arc<Box<dyn Error + Send + Sync>>);

impl fmt::Display for LookUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a platform cannot be looked up")
    }
}

impl Error for LookUp {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&**self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusal::refused;
    use infra::log::{MappingError, NewerRelease};

    fn told(why: impl Error + Send + Sync + 'static) -> (u16, String) {
        let error = Failed::Unavailable {
            unknown: false,
            source: Box::new(LookUp(Arc::new(Box::new(why)))),
        };
        let told = refused(error).document(None, None);
        (told.status, told.code)
    }

    #[test]
    fn a_platform_that_a_newer_release_has_changed_is_another_instances_affair() {
        let of = |source: Box<dyn Error + Send + Sync>| MappingError {
            aggregate_type: "platform".into(),
            aggregate_id: "p1".into(),
            sequence: 2,
            source,
        };
        let newer = of(Box::new(NewerRelease("version 99".into())));
        assert_eq!(told(newer), (503, "newer_release".to_owned()));
        let damaged = of("no JSON".into());
        assert_eq!(told(damaged), (503, "unavailable".to_owned()));
    }
}
