/* Of the matrix: runs a script. */
#include <stdio.h>
#include <lua.h>
#include <lauxlib.h>
#include <lualib.h>
int main(int argc, char **argv)
{
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    if (luaL_dofile(L, argv[1])) printf("error %s\n", lua_tostring(L, -1));
    lua_close(L);
    return 0;
}
