# cmake --install, and a .deb by:  cpack --config build/release/CPackConfig.cmake -B build/package
include(GNUInstallDirs)
install(TARGETS understudy RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES README.md store/FORMAT.md samples/registration.xml DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME understudy)
set(CPACK_PACKAGE_CONTACT "The Understudy developers <understudy@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)  # understudy_0.1.0_amd64.deb
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)   # needs dpkg-dev
set(CPACK_DEBIAN_PACKAGE_SECTION net)
include(CPack)
