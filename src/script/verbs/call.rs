//! One call of a verb: its arguments, checked against the overloads and then taken one by one.

use std::any::{Any, TypeId};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rhai::{
    Dynamic, FnPtr, FuncRegistration, ImmutableString, Map, Module, NativeCallContext, RhaiFunc, Shared,
};

use super::super::context::{Context, NativeFunction};
use super::super::options::Options;
use super::super::raised::{Raised, Result};
use super::super::types::{self, Handle, List};
use super::Verb;
use crate::workbench::{Command, Container, ErrorKind, Image, Layer, Operand, Snapshot, Subject};

/// A verb's arguments and surroundings.
pub struct Call<'a> {
    /// What natives share.
    pub context: &'a Arc<Context>,
    /// For calling closures.
    pub native: &'a NativeCallContext<'a>,
    /// Which verb.
    pub verb: &'static Verb,
    args: Vec<Dynamic>,
}

/// More arguments than any verb takes, so that a wrong number of them gets our message.
const MOST: usize = 5;

/// Puts `verb` into `module`, for any number of arguments.
pub fn register(verb: &'static Verb, module: &mut Module) {
    debug_assert!(verb.overloads.iter().all(|overload| overload.params.len() < MOST));
    let func: Shared<NativeFunction> =
        Arc::new(move |native: Option<NativeCallContext<'_>>, args: &mut [&mut Dynamic]| {
            let Some(native) = native else { return Err(internal(verb.name, &"no context").into()) };
            let args = args.iter_mut().map(|arg| std::mem::take(*arg)).collect();
            perform(verb, &native, args)
        });
    // One function for every number: some seventy verbs are put in at each start.
    for count in 0..MOST {
        let func = RhaiFunc::Pure {
            func: Shared::clone(&func),
            has_context: true,
            is_pure: false,
            is_volatile: true,
        };
        FuncRegistration::new(verb.name).set_into_module_raw(
            module,
            &[TypeId::of::<Dynamic>(); MOST][..count],
            func,
        );
    }
    // Rhai prefers an exact type to `Dynamic`; these are the names that its own packages have.
    if verb.name == "to_json" {
        FuncRegistration::new(verb.name).set_into_module(
            module,
            move |native: NativeCallContext<'_>, map: &mut Map| -> Result<Dynamic> {
                perform(verb, &native, vec![map.clone().into()])
            },
        );
    }
    if verb.name == "sleep" {
        macro_rules! seconds {
            ($($kind:ty),*) => {$({
                        FuncRegistration::new(verb.name).with_volatility(true).set_into_module(
                    module,
                    move |native: NativeCallContext<'_>, seconds: $kind| -> Result<Dynamic> {
                        perform(verb, &native, vec![seconds.into()])
                    },
                );
            })*};
        }
        seconds!(i64, f64);
    }
    if verb.name == "parse_json" {
        FuncRegistration::new(verb.name).set_into_module(
            module,
            move |native: NativeCallContext<'_>, text: ImmutableString| -> Result<Dynamic> {
                perform(verb, &native, vec![text.into()])
            },
        );
    }
}

fn perform(verb: &'static Verb, native: &NativeCallContext<'_>, args: Vec<Dynamic>) -> Result<Dynamic> {
    checked(verb, native, args).map_err(|mut error| {
        // Rhai does not, where the verb is called by its name in modules.
        if error.position().is_none() {
            error.set_position(native.call_position());
        }
        error
    })
}

fn checked(verb: &'static Verb, native: &NativeCallContext<'_>, args: Vec<Dynamic>) -> Result<Dynamic> {
    let context = &Context::of(native)?;
    let args: Vec<Dynamic> = args.into_iter().map(Dynamic::flatten).collect();
    if !verb.overloads.iter().any(|overload| overload.fits(&args)) {
        return Err(misfit(verb, &args).into());
    }
    let mut call = Call { context, native, verb, args };
    catch_unwind(AssertUnwindSafe(|| (verb.call)(&mut call)))
        .unwrap_or_else(|panic| Err(internal(verb.name, &*panic).into()))
}

/// A panic as an error.
pub fn internal(place: &str, panic: &(dyn Any + Send)) -> Raised {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    Raised::new("internal", format!("`{place}` failed inside: {text}"))
        .with_hint("this is a fault of plywood itself; please report it with the script that shows it")
}

fn misfit(verb: &Verb, args: &[Dynamic]) -> Raised {
    let got: Vec<String> = args.iter().map(types::name).collect();
    let got = if got.is_empty() { "no argument".to_owned() } else { format!("({})", got.join(", ")) };
    let ways: Vec<String> = verb.signatures().map(|signature| format!("`{signature}`")).collect();
    let hint = if ways.len() == 1 {
        format!("it is {}", ways[0])
    } else {
        format!("it is one of\n{}", ways.iter().map(|way| format!("  {way}")).collect::<Vec<_>>().join("\n"))
    };
    Raised::invalid(format!("`{}` does not take {got}", verb.name)).with_hint(hint)
}

impl Call<'_> {
    /// How many arguments there are.
    pub fn count(&self) -> usize {
        self.args.len()
    }

    /// The argument at `index`; `()` if there is none.
    pub fn any(&self, index: usize) -> Dynamic {
        self.args.get(index).cloned().unwrap_or(Dynamic::UNIT)
    }

    /// Text; empty if the argument is something else.
    pub fn text(&self, index: usize) -> String {
        self.any(index).into_immutable_string().map(|text| text.to_string()).unwrap_or_default()
    }

    /// A whole number.
    pub fn int(&self, index: usize) -> Option<i64> {
        self.any(index).as_int().ok()
    }

    /// A layer's index: a number, or a layer that knows its own.
    pub fn layer_index(&self, index: usize) -> Option<i64> {
        let value = self.any(index);
        let layer = value.read_lock::<Handle<Layer>>().map(|layer| layer.index);
        layer.map_or_else(|| self.int(index), |layer| i64::try_from(layer).ok())
    }

    /// A closure or function.
    pub fn function(&self, index: usize) -> Result<FnPtr> {
        self.any(index).try_cast::<FnPtr>().ok_or_else(|| misfit(self.verb, &self.args).into())
    }

    /// An image; a text is a reference.
    pub fn image(&self, index: usize) -> Result<Image> {
        self.image_of(&self.any(index))
    }

    /// The same of a value from elsewhere.
    pub fn image_of(&self, value: &Dynamic) -> Result<Image> {
        if let Some(image) = value.read_lock::<Handle<Image>>() {
            return Ok((*image.0).clone());
        }
        if let Some(list) = value.read_lock::<List<Image>>()
            && let [image] = list.items()
        {
            return Ok((*image.0).clone());
        }
        let name = value.as_immutable_string_ref().map(|text| text.to_string()).unwrap_or_default();
        Ok(self.context.workbench.image(&name)?)
    }

    /// Images: one, a list of them, or an array of images and references.
    pub fn images(&self, index: usize) -> Result<Vec<Image>> {
        let value = self.any(index);
        if let Some(list) = value.read_lock::<List<Image>>() {
            return Ok(list.items().iter().map(|image| (*image.0).clone()).collect());
        }
        let Ok(array) = value.as_array_ref() else { return self.image(index).map(|image| vec![image]) };
        let mut images = Vec::new();
        for item in array.iter() {
            if let Some(image) = item.read_lock::<Handle<Image>>() {
                images.push((*image.0).clone());
            } else if let Ok(name) = item.as_immutable_string_ref() {
                images.push(self.context.workbench.image(&name)?);
            } else {
                let (got, kind) = (super::super::render::debug(item), types::name(item));
                let message = format!("`{}` takes images, got `{got}` of type {kind}", self.verb.name);
                return Err(Raised::invalid(message).into());
            }
        }
        Ok(images)
    }

    /// A container's handle.
    pub fn container(&self, index: usize) -> Result<Container> {
        let value = self.any(index);
        let handle = value.read_lock::<Handle<Container>>().map(|container| (*container.0).clone());
        handle.ok_or_else(|| misfit(self.verb, &self.args).into())
    }

    /// A snapshot; a text is its name or id.
    pub fn snapshot(&self, index: usize) -> Result<Snapshot> {
        let value = self.any(index);
        if let Some(snapshot) = value.read_lock::<Handle<Snapshot>>() {
            return Ok((*snapshot.0).clone());
        }
        Ok(self.context.workbench.snapshot_named(&self.text(index))?)
    }

    /// An image or a container; a text is a reference of an image.
    pub fn subject(&self, index: usize) -> Result<Subject> {
        if super::Kind::Container.fits(&self.any(index)) {
            return self.container(index).map(Subject::Container);
        }
        self.image(index).map(Subject::Image)
    }

    /// What can be compared: an image, a container or a layer; a text is a reference of an image.
    pub fn operand(&self, index: usize) -> Result<Operand> {
        if let Some(layer) = self.any(index).read_lock::<Handle<Layer>>() {
            return Ok(Operand::Layer((*layer.0).clone()));
        }
        Ok(match self.subject(index)? {
            Subject::Image(image) => Operand::Image(image),
            Subject::Container(container) => Operand::Container(container),
        })
    }

    /// Text or bytes.
    pub fn bytes(&self, index: usize) -> Vec<u8> {
        self.any(index).into_blob().unwrap_or_else(|_| self.text(index).into_bytes())
    }

    /// A command: text for the shell, an array of texts as it is.
    pub fn command(&self, index: usize) -> Result<Command> {
        let value = self.any(index);
        let Ok(array) = value.as_array_ref() else { return Ok(Command::Shell(self.text(index))) };
        let mut argv = Vec::new();
        for word in array.iter() {
            let Ok(text) = word.as_immutable_string_ref() else {
                return Err(Raised::invalid(format!(
                    "a command's words are texts, got `{}` of type {}",
                    super::super::render::debug(word),
                    types::name(word)
                ))
                .into());
            };
            argv.push(text.to_string());
        }
        if argv.is_empty() {
            return Err(Raised::invalid("the command is an empty array").into());
        }
        Ok(Command::Argv(argv))
    }

    /// The checked option map at `index`, empty if there is none.
    pub fn options(&self, index: usize) -> Result<Options> {
        let map = self.any(index).try_cast::<Map>().unwrap_or_default();
        Options::new(self.verb, map)
    }

    /// An image of the store by name, without asking a registry, and a container by name.
    ///
    /// # Errors
    /// `ambiguous` where both have it, `not_found` where neither has.
    pub fn named(&self, name: &str) -> Result<Subject> {
        let image = self.stored_image(name)?;
        let container = match self.context.workbench.container(name) {
            Ok(container) => Some(container),
            Err(error) if error.kind == ErrorKind::NotFound || error.kind == ErrorKind::Invalid => None,
            Err(error) => return Err(error.into()),
        };
        match (image, container) {
            (Some(image), Some(container)) => Err(Raised::new(
                ErrorKind::Ambiguous.as_str(),
                format!("`{name}` is both an image and a container"),
            )
            .with_hint(format!(
                "the image is `{}`, the container `{} {}`: say `{verb}(image(\"{name}\"))` or `{verb}(container(\"{name}\"))`",
                types::Record::brief(&image),
                types::Record::brief(&container),
                container.name,
                verb = self.verb.name
            ))
            .into()),
            (Some(image), None) => Ok(Subject::Image(image)),
            (None, Some(container)) => Ok(Subject::Container(container)),
            (None, None) => Err(Raised::new(
                ErrorKind::NotFound.as_str(),
                format!("no image and no container is called `{name}`"),
            )
            .with_hint("`images()`, `containers()` and `snapshots()` list what there is")
            .into()),
        }
    }

    /// The image of the store that `name` names, if there is one.
    pub fn stored_image(&self, name: &str) -> Result<Option<Image>> {
        let reference = name.parse::<crate::oci::Reference>().ok().map(|reference| reference.to_string());
        let hex = name.strip_prefix("sha256:").unwrap_or(name);
        let is_id = hex.len() >= 4 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        let images = self.context.workbench.images()?;
        let by_reference =
            images.iter().find(|image| reference.as_ref().is_some_and(|it| image.references.contains(it)));
        let by_id = || {
            images
                .iter()
                .find(|image| is_id && image.id.strip_prefix("sha256:").unwrap_or(&image.id).starts_with(hex))
        };
        Ok(by_reference.or_else(by_id).cloned())
    }
}
