// Brings the store of an older program up to date before it is read. Where that cannot be done, it
// is read as it is. No state; safe from any thread.
#pragma once

#include "protocols/core/error.h"

#include <string>

namespace understudy {

/// May this process write the store and the files beside it? A recording that cannot be changed is
/// still good to read.
[[nodiscard]] bool store_writable(const std::string& path);

/// True: the store was older and is current now. False: it was current, or stays as it is because
/// it may not be written or a recorder is at work in it. Errors: Store (not there, foreign, newer,
/// damaged, disk full); the file is as it was then.
[[nodiscard]] Result<bool> bring_up_to_date(const std::string& path);

}  // namespace understudy
