//! The shell tools under their stock names.
