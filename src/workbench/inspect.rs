//! `inspect`: all that the store knows of a thing, as one document.

use serde_json::{Value, json};

use super::run::RunConfig;
use super::{Error, Result, Subject, Workbench};
use crate::image::Config;

impl Workbench {
    /// Everything about an image or a container, as JSON.
    ///
    /// # Errors
    /// When the subject is gone.
    pub fn inspect(&self, subject: &Subject) -> Result<Value> {
        match subject {
            Subject::Image(image) => {
                if let Some(document) = self.inspect_in_place(image)? {
                    return Ok(document);
                }
                let record = self.image_record(image)?;
                let mut document = to_json(&self.image_value(&record)?)?;
                document["document"] = Config::parse(record.config)?.value().clone();
                document["layers"] = to_json(&self.layers(subject)?)?;
                Ok(document)
            }
            Subject::Container(container) => {
                let record = self.container_record(container)?;
                let mut document = to_json(&self.container_value(&record))?;
                document["image_id"] = json!(record.image.map(|id| id.to_string()));
                document["pid"] = json!(record.pid);
                document["run"] = to_json(&RunConfig::of(&record))?;
                document["parts"] = json!(self.part_trees(&record)?);
                Ok(document)
            }
        }
    }
}

pub(super) fn to_json(value: &impl serde::Serialize) -> Result<Value> {
    serde_json::to_value(value).map_err(|error| Error::new(super::ErrorKind::Internal, error.to_string()))
}
