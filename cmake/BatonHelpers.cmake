# Two calls that every folder uses: baton_library and baton_test. What they have in common
# (language, warnings, hardening, sanitizers) is decided here once.
include(CheckCCompilerFlag)
include(CheckCSourceCompiles)

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
# -O2 as distributions build it; assertions stay on, so no NDEBUG.
set(CMAKE_C_FLAGS_RELEASE "-O2 -g1")
if(WIN32) # small enough to be pushed to hundreds of servers; nothing it does is bound by the processor
  set(CMAKE_C_FLAGS_RELEASE "-Os -g1")
endif()

# Where systems differ there is one header and a source for each: disk_posix.c, disk_windows.c.
if(WIN32)
  set(BATON_SYSTEM windows)
else()
  set(BATON_SYSTEM posix)
endif()

add_library(baton_flags INTERFACE)
target_compile_definitions(baton_flags INTERFACE _POSIX_C_SOURCE=200809L BATON_VERSION="${PROJECT_VERSION}")
if(WIN32) # Windows 7 and Server 2008 R2 are the oldest systems; what is newer is looked up at run time
  target_compile_definitions(baton_flags INTERFACE
    _WIN32_WINNT=0x0601 UNICODE WIN32_LEAN_AND_MEAN _FILE_OFFSET_BITS=64 __USE_MINGW_ANSI_STDIO=1)
  target_compile_options(baton_flags INTERFACE -ffunction-sections) # data in sections of its own is written out, zeros too
  # The same bytes from every folder (tests/windows/test_program.py). Of what fits a path the compiler takes the last.
  target_compile_options(baton_flags INTERFACE -ffile-prefix-map=${BATON_WINDOWS_PREFIX}=libraries
    -ffile-prefix-map=${PROJECT_SOURCE_DIR}=. -ffile-prefix-map=${PROJECT_BINARY_DIR}=build)
  target_link_options(baton_flags INTERFACE -static -fstack-protector-strong -Wl,--gc-sections,--no-insert-timestamp
    -Wl,--dynamicbase,--high-entropy-va,--nxcompat)
else()
  target_link_options(baton_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed)
endif()
target_include_directories(baton_flags INTERFACE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR})
target_compile_options(baton_flags INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wswitch-enum -Wmissing-prototypes -Wvla -Wformat=2
  -Wstrict-prototypes -Wundef $<$<BOOL:${BATON_WERROR}>:-Werror>
  -fno-strict-aliasing -fno-delete-null-pointer-checks)
if(WIN32) # "printf" there means the system's own, which is not in use; formats are checked on Linux
  target_compile_options(baton_flags INTERFACE -Wno-format -Wno-format-extra-args)
endif()

# -ftrivial-auto-var-init=zero is left out on purpose: with it GCC 12.2 zeroes live bytes of a local
# array of padded structures, `struct signed_approval a[3] = {f(), f(), f()}`. The last flag is for
# the same compiler: its vectorizer fills a short array in a structure and clears what stands beside
# it (test_trust at -O2).
set(hardening -fstack-protector-strong -fcf-protection=full -fno-strict-overflow -fno-tree-loop-vectorize)
if(NOT WIN32) # there every stack page is probed anyhow, and GCC 12 fails with this
  list(INSERT hardening 1 -fstack-clash-protection)
endif()
foreach(flag ${hardening} -Wtrampolines -Wbidi-chars=any)
  string(MAKE_C_IDENTIFIER "HAVE${flag}" have)
  check_c_compiler_flag(${flag} ${have})
  if(${have})
    target_compile_options(baton_flags INTERFACE ${flag})
  endif()
endforeach()
if(BATON_SANITIZE STREQUAL "address+undefined")
  target_compile_options(baton_flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(baton_flags INTERFACE -fsanitize=address,undefined)
elseif(BATON_SANITIZE STREQUAL "fuzz") # clang only; the targets of tests/fuzz also link the fuzzer
  target_compile_options(baton_flags INTERFACE
    -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(baton_flags INTERFACE -fsanitize=address,undefined)
elseif(BATON_SANITIZE STREQUAL "coverage") # counters that several processes may write at once
  target_compile_options(baton_flags INTERFACE --coverage -fprofile-update=atomic -fprofile-abs-path)
  target_link_options(baton_flags INTERFACE --coverage)
elseif(BATON_SANITIZE STREQUAL "thread")
  target_compile_options(baton_flags INTERFACE -fsanitize=thread -fno-omit-frame-pointer)
  target_link_options(baton_flags INTERFACE -fsanitize=thread)
elseif(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT WIN32) # mingw's would need a library of its own
  # Bounds that are known at run time alone count too, where compiler and library can.
  set(CMAKE_REQUIRED_FLAGS "-O2 -Werror -D_FORTIFY_SOURCE=3")
  check_c_source_compiles("#include <string.h>\nint main(void) { return (int)strlen(\"\"); }" HAVE_FORTIFY_3)
  unset(CMAKE_REQUIRED_FLAGS)
  target_compile_definitions(baton_flags INTERFACE _FORTIFY_SOURCE=$<IF:$<BOOL:${HAVE_FORTIFY_3}>,3,2>)
endif()

# baton_library(name SOURCES a.c b.c LINK other libs)
function(baton_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC baton_flags ${arg_LINK})
endfunction()

# baton_program(name SOURCES main.c LINK libs): an installed executable.
function(baton_program name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE baton_flags ${arg_LINK})
  if(WIN32) # what is tested is what is shipped; what a debugger needs lies beside it
    add_custom_command(TARGET ${name} POST_BUILD VERBATIM
      COMMAND ${CMAKE_COMMAND} -E env SOURCE_DATE_EPOCH=0 ${CMAKE_OBJCOPY} --only-keep-debug $<TARGET_FILE:${name}> $<TARGET_FILE:${name}>.debug
      COMMAND ${CMAKE_COMMAND} -E env SOURCE_DATE_EPOCH=0 ${CMAKE_STRIP} $<TARGET_FILE:${name}>) # strip writes a time
  else()
    target_link_options(${name} PRIVATE -pie)
  endif()
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
  install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()

# baton_test(test_x LINK lib [SOURCES more.c] [LABEL unit|contract|system] [TIMEOUT s]):
# builds tests/<label>/test_x.c with cmocka and registers it. The call stands beside the library
# whose source file the test mirrors.
function(baton_test name)
  cmake_parse_arguments(arg "" "LABEL;TIMEOUT" "SOURCES;LINK" ${ARGN})
  if(NOT arg_LABEL)
    set(arg_LABEL unit)
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  if(WIN32) # what runs there is run by tests/windows, all in one machine
    set(unless_asked EXCLUDE_FROM_ALL)
  endif()
  add_executable(${name} ${unless_asked} ${PROJECT_SOURCE_DIR}/tests/${arg_LABEL}/${name}.c ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE baton_flags ${arg_LINK} PkgConfig::CMOCKA)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/lib)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS ${arg_LABEL} TIMEOUT ${arg_TIMEOUT})
endfunction()
