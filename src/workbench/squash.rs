//! `squash` and `flatten`: several layers as one.

use super::rewrite::reference_of;
use super::{DeriveOptions, Error, Image, Result, Workbench};
use crate::image::Rewrite;

impl Workbench {
    /// `image` with its layers from `from` up to, but not including, `to` as one; negative numbers count from the
    /// end, and `None` is the end. Deletions stay where they hide something of the layers below.
    ///
    /// # Errors
    /// [`super::ErrorKind::Invalid`] for layers that the image has not, and for none at all.
    pub fn squash(
        &self,
        image: &Image,
        from: i64,
        to: Option<i64>,
        options: &DeriveOptions,
    ) -> Result<Image> {
        let count = image.diff_ids.len();
        let place = |number: i64| {
            let counted = usize::try_from(number.unsigned_abs()).ok()?;
            let place = if number < 0 { count.checked_sub(counted) } else { Some(counted) };
            place.filter(|place| *place <= count)
        };
        let (first, end) = (place(from), to.map_or(Some(count), place));
        let (Some(first), Some(end)) = (first, end) else {
            let to = to.map_or_else(|| "the end".to_owned(), |to| to.to_string());
            return Err(Error::invalid(format!(
                "image `{}` has {count} layers: {from} to {to} is not within them",
                image.label()
            ))
            .with_hint("`layers(image)` lists them, numbered from 0"));
        };
        if first >= end {
            return Err(Error::invalid(format!("{first}..{end} names no layer")).with_hint(
                "the end is not included: `squash(image, 1..3)` makes one of the layers 1 and 2",
            ));
        }
        self.squashed(image, first, end, &format!("squash {first}..{end}"), options)
    }

    /// `image` with all its layers as one, which has no deletions.
    ///
    /// # Errors
    /// When the image is gone.
    pub fn flatten(&self, image: &Image, options: &DeriveOptions) -> Result<Image> {
        self.squashed(image, 0, image.diff_ids.len(), "flatten", options)
    }

    fn squashed(
        &self,
        image: &Image,
        first: usize,
        end: usize,
        done: &str,
        options: &DeriveOptions,
    ) -> Result<Image> {
        let reference = reference_of(options)?;
        let parent = self.parent(image)?;
        let parts: Vec<_> = parent.layers[first..end].iter().map(|layer| layer.part.clone()).collect();
        let lowers = self.lowers(&parent.layers[..first])?;
        let merged = self.merge(&parts, &self.stop())?;
        let made = self.layer_from_new_part(&merged, &lowers)?;
        let layers = parent.layers.iter().enumerate().map(|(position, layer)| {
            let stays = !(first..end).contains(&position);
            stays.then_some(layer.diff_id)
        });
        let rewrite = Rewrite {
            layers: layers.collect(),
            above: end,
            made: made.map(|layer| layer.diff_id),
            ..Rewrite::default()
        };
        let new = self.put_rewritten(&parent, done, options.message.clone(), rewrite)?;
        self.deliver(new, reference.as_ref())
    }
}
