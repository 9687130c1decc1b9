# Writes OUT/NAME.json for each of FILES: as it stands there, without its indentation, which a program need not carry.
foreach(path IN LISTS FILES)
  get_filename_component(name "${path}" NAME)
  file(READ "${path}" text)
  string(REGEX REPLACE "\n +" "\n" text "${text}")
  file(WRITE "${OUT}/${name}" "${text}")
endforeach()
