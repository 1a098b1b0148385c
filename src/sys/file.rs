//! Descriptor-relative file operations that `std` and `nix` lack.
