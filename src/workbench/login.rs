//! `login`, `logout` and `tags`: what concerns a registry and no image.

use super::{Result, Workbench};
use crate::oci::Reference;
use crate::transfer::registry;

impl Workbench {
    /// Tries a name and password with a registry, and keeps them where Docker does.
    ///
    /// # Errors
    /// [`super::ErrorKind::Denied`] when they are wrong.
    pub fn login(&self, registry: &str, name: &str, password: &str) -> Result<()> {
        Ok(registry::login(registry, name, password, &self.registry_options()?)?)
    }

    /// Forgets the password for a registry; whether there was one.
    ///
    /// # Errors
    /// When the file that has it cannot be read or written.
    pub fn logout(&self, registry: &str) -> Result<bool> {
        Ok(registry::logout(registry, &self.registry_options()?)?)
    }

    /// The tags of a repository, in its registry's order.
    ///
    /// # Errors
    /// [`super::ErrorKind::Network`], [`super::ErrorKind::NotFound`], [`super::ErrorKind::Denied`].
    pub fn tags(&self, repository: &str) -> Result<Vec<String>> {
        let text = repository.strip_prefix("docker://").unwrap_or(repository);
        let reference = text.parse::<Reference>()?;
        Ok(registry::tags(&reference, &self.registry_options()?)?)
    }
}
