// The schemes of the contract, as a registry with the codecs http and raw would list them.
#pragma once

#include "store/rule_values.h"

namespace understudy {

inline const SchemeTable& schemes() {
  static const SchemeTable table{
      {"http", "http", false, 80, false}, {"https", "http", true, 443, false},
      {"tcp", "raw", false, 0, false},    {"tls", "raw", true, 0, false},
      {"mqtt", "raw", false, 1883, true}, {"mqtts", "raw", true, 8883, true},
      {"ims", "raw", false, 0, true},     {"imsconnect", "raw", false, 0, true},
      {"imss", "raw", true, 0, true},     {"ipic", "raw", false, 0, true},
      {"ipics", "raw", true, 0, true},    {"kafka", "raw", false, 0, true},
  };
  return table;
}

}  // namespace understudy
