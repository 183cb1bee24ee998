//! One test binary: everything goes through the socket.
