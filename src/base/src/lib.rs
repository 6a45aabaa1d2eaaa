//! Ids, offsets, epochs, error codes and limits: the vocabulary every room shares
