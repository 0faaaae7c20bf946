/* CVE-2022-28805: _ENV is a constant. */
#include <lauxlib.h>
#include <lualib.h>
#include <string.h>

int attempt(void)
{
    lua_State *state = luaL_newstate();
    luaL_openlibs(state);
    int status = luaL_dostring(state, "local _ENV <const> = nil; local a = 1; x = a");
    const char *message = lua_tostring(state, -1);
    return status && message && strstr(message, "index a nil value");
}
