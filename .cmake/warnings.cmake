# One interface target: every one of our targets links it, no dependency sees it.
add_library(understudy_warnings INTERFACE)
target_compile_options(understudy_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast
  # GCC 12 sees Asio's awaitable frames allocated by its own operator new and, where it inlines only
  # half of the pair (under sanitizers), calls the matching operator delete a mismatch.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete>
  $<$<BOOL:${UNDERSTUDY_WERROR}>:-Werror>)
target_include_directories(understudy_warnings INTERFACE ${PROJECT_SOURCE_DIR})

# understudy_library(NAME SOURCES … [PUBLIC targets…] [PRIVATE targets…])
function(understudy_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC understudy_warnings ${arg_PUBLIC} PRIVATE ${arg_PRIVATE})
endfunction()
