/* CVE-2024-28182: a header that goes on and on. */
#include <nghttp2/nghttp2.h>
#include <string.h>

int attempt(void)
{
    /* preface, an empty SETTINGS, HEADERS of stream 1 without END_HEADERS, 20 empty CONTINUATIONs */
    static const unsigned char settings[9] = {0, 0, 0, 4}, headers[10] = {0, 0, 1, 1, 0, 0, 0, 0, 1, 0x82}, more[9] = {0, 0, 0, 9, 0, 0, 0, 0, 1};
    nghttp2_session_callbacks *callbacks;
    nghttp2_session *session;
    nghttp2_session_callbacks_new(&callbacks);
    if (nghttp2_session_server_new(&session, callbacks, NULL) || nghttp2_session_mem_recv(session, (const unsigned char *)NGHTTP2_CLIENT_MAGIC, 24) != 24 ||
        nghttp2_session_mem_recv(session, settings, 9) != 9 || nghttp2_session_mem_recv(session, headers, 10) != 10)
        return 0;
    ssize_t got = 9;
    int sent = 0;
    for (; sent < 20 && got == 9; sent++)
        got = nghttp2_session_mem_recv(session, more, 9);
    return sent < 12 && got < 0 && strstr(nghttp2_strerror((int)got), "CONTINUATION");
}
