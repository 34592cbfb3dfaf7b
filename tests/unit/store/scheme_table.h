// The schemes of the contract, as a registry with the codecs http and raw would list them.
#pragma once

#include "store/rule_values.h"

namespace understudy {

inline const SchemeTable& schemes() {
  static const SchemeTable table{
      {"http", "http", false, 80, true, false},  {"https", "http", true, 443, true, false},
      {"tcp", "raw", false, 0, false, false},    {"tls", "raw", true, 0, false, false},
      {"mqtt", "raw", false, 1883, false, true}, {"mqtts", "raw", true, 8883, false, true},
      {"ims", "raw", false, 0, false, true},     {"imsconnect", "raw", false, 0, false, true},
      {"imss", "raw", true, 0, false, true},     {"ipic", "raw", false, 0, false, true},
      {"ipics", "raw", true, 0, false, true},    {"kafka", "raw", false, 0, false, true},
  };
  return table;
}

}  // namespace understudy
