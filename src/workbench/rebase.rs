//! `rebase`: an image's own layers upon another base.

use super::rewrite::{compared, reference_of};
use super::time::image_time;
use super::{DeriveOptions, Error, ErrorKind, Image, Result, Workbench};
use crate::image::{self, Config, Rewrite};
use crate::oci::DiffId;
use crate::store::ImageRecord;

impl Workbench {
    /// The layers that `image` has above those of `from`, upon `base` instead. What the configuration says is the
    /// image's own where it differs from what the old base says, else the new base's.
    ///
    /// Without `from` it is the one image of the store on which `image` was made.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] if `image` does not begin with the layers of `from`, and if `base` is for another
    /// machine; without `from` [`ErrorKind::NotFound`] and [`ErrorKind::Ambiguous`].
    pub fn rebase(
        &self,
        image: &Image,
        base: &Image,
        from: Option<&Image>,
        options: &DeriveOptions,
    ) -> Result<Image> {
        let reference = reference_of(options)?;
        let (own, new) = (self.parent(image)?, self.parent(base)?);
        let old = match from {
            Some(from) => self.image_record(from)?,
            None => self.base_of(image, &own.record)?,
        };
        let below = old.diff_ids.len();
        if !own.record.diff_ids.starts_with(&old.diff_ids) {
            let same =
                own.record.diff_ids.iter().zip(&old.diff_ids).take_while(|(one, other)| one == other).count();
            let name = from.map_or_else(|| old.id.to_string(), |from| from.label().to_owned());
            return Err(Error::invalid(format!(
                "image `{}` is not made on `{name}`: of the {below} layers of that it has the first {same}",
                image.label()
            ))
            .with_hint(
                "`from` is the image as it was when this one was made on it; compare `image.diff_ids`",
            ));
        }
        let machine = |config: &Config| format!("{}/{}", config.os(), config.architecture());
        if machine(&own.config) != machine(&new.config) {
            return Err(Error::invalid(format!(
                "image `{}` is for {}, the base `{}` for {}",
                image.label(),
                machine(&own.config),
                base.label(),
                machine(&new.config)
            )));
        }
        let step = Rewrite {
            created: image_time(self.settings.source_date_epoch),
            created_by: format!("plywood rebase {}", base.label()),
            comment: options.message.clone(),
            ..Rewrite::default()
        };
        let config = image::rebase(&own.config, &Config::parse(old.config)?, &new.config, &step)?;
        let blobs = new.record.compressed.iter().chain(own.record.compressed.iter().skip(below));
        let rebased = self.put_derived(&config, blobs.cloned().collect(), None)?;
        self.deliver(compared(rebased, &own), reference.as_ref())
    }

    /// The one image that `image` is made on, as far as the store tells: all that are have the same layers.
    fn base_of(&self, image: &Image, record: &ImageRecord) -> Result<ImageRecord> {
        let own = &record.diff_ids;
        let is_below =
            |layers: &[DiffId]| !layers.is_empty() && layers.len() < own.len() && own.starts_with(layers);
        let mut found: Vec<_> = self
            .store()?
            .images()?
            .into_iter()
            .filter(|stored| stored.damage.is_none() && is_below(&stored.record.diff_ids))
            .collect();
        let hint = "say which: `rebase(image, base, #{ from: old_base })`";
        let Some(first) = found.first().map(|stored| stored.record.diff_ids.len()) else {
            return Err(Error::not_found(format!(
                "the store has no image that `{}` is made on",
                image.label()
            ))
            .with_hint(hint));
        };
        if found.iter().any(|stored| stored.record.diff_ids.len() != first) {
            let names = found.iter().map(|stored| match stored.references.first() {
                Some(name) => format!("`{name}`"),
                None => format!("`{}`", stored.record.id.short()),
            });
            let names = names.collect::<Vec<_>>().join(", ");
            return Err(Error::new(
                ErrorKind::Ambiguous,
                format!("image `{}` is made on several: {names}", image.label()),
            )
            .with_hint(hint));
        }
        // They differ in their configurations: the one whose steps are the image's own tells most.
        let told = Config::parse(record.config.clone())?;
        let place = found.iter().position(|stored| {
            Config::parse(stored.record.config.clone()).is_ok_and(|config| {
                !config.history().is_empty() && told.history().starts_with(config.history())
            })
        });
        Ok(found.swap_remove(place.unwrap_or(0)).record)
    }
}
