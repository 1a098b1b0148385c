//! Starting the first process of a container.
