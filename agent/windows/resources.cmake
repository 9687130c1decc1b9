# What baton-agent.exe carries beside code: messages for the event log, its version, its manifest.
# Link agent_events for the identifiers: #include "events.h".
enable_language(RC)
find_program(WINDMC x86_64-w64-mingw32-windmc REQUIRED)

set(events ${CMAKE_CURRENT_BINARY_DIR}/events)
add_custom_command(OUTPUT ${events}/events.h ${events}/events.rc ${events}/MSG00409.bin
                   COMMAND ${WINDMC} -h ${events} -r ${events} ${CMAKE_CURRENT_SOURCE_DIR}/windows/events.mc
                   DEPENDS windows/events.mc VERBATIM)
file(MAKE_DIRECTORY ${events})
add_custom_target(agent_events_made DEPENDS ${events}/events.h)
add_library(agent_events INTERFACE)
target_include_directories(agent_events INTERFACE ${events})
add_dependencies(agent_events agent_events_made)

configure_file(windows/version.rc.in version.rc @ONLY)
configure_file(windows/agent.manifest.in agent.manifest @ONLY)
set_source_files_properties(${CMAKE_CURRENT_BINARY_DIR}/version.rc PROPERTIES OBJECT_DEPENDS ${CMAKE_CURRENT_BINARY_DIR}/agent.manifest)
set(AGENT_RESOURCES ${events}/events.rc ${CMAKE_CURRENT_BINARY_DIR}/version.rc)
