# Everything we link, all of it from the distribution's packages; nothing is fetched.
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)  # Debian 12's default 1.74 lacks Boost.URL and as_tuple
find_package(OpenSSL 3 REQUIRED)
find_package(SQLite3 3.40 REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(pugixml REQUIRED)
find_package(spdlog REQUIRED)
find_package(fmt REQUIRED)
find_package(CLI11 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(BROTLI REQUIRED IMPORTED_TARGET libbrotlidec)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)

# Boost without its CMake components: Asio and Beast are headers, Boost.URL is a library.
add_library(understudy_asio INTERFACE)
target_include_directories(understudy_asio SYSTEM INTERFACE ${Boost_INCLUDE_DIRS})
target_compile_definitions(understudy_asio INTERFACE BOOST_ASIO_NO_DEPRECATED)
target_link_libraries(understudy_asio INTERFACE Threads::Threads)
