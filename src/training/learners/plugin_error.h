// What the C ABIs of all learners' plug-ins share.
#pragma once

#include <cstddef>

extern "C" {

/// Where a plug-in's function puts its message if it fails: zero-terminated, cut to `size`.
struct SlipwayPluginError {
  char* text;
  size_t size;
};
}
