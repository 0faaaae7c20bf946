/* A thread that is inside a function while a library is loaded and unloaded several times: by itself, or by another one that has the lock that it waits for. */
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>

int through(int way);
static sem_t inside, gate;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int wrong;

static void load(void)
{
    for (int i = 0; i < 5; i++) {
        void *plug = dlopen("./plug.so", RTLD_NOW);
        int (*plugged)(int) = plug ? dlsym(plug, "plugged") : NULL;
        if (!plugged || plugged(0) % 99 != 1) wrong++;
        if (plug) dlclose(plug);
    }
}
int inner(int way)
{
    sem_post(&inside);
    if (way) pthread_mutex_lock(&lock), pthread_mutex_unlock(&lock);
    else sem_wait(&gate), load();
    return 0;
}
static void *other(void *arg)
{
    pthread_mutex_lock(&lock);
    sem_post(&inside);
    sem_wait(&gate);
    load();
    pthread_mutex_unlock(&lock);
    return arg;
}
static void *run(void *way) { return (void *)(long)through((int)(long)way); }

int main(void)
{
    char line[100];
    pthread_t t, holder;
    void *r;
    int way;
    setvbuf(stdout, NULL, _IOLBF, 0);
    sem_init(&inside, 0, 0), sem_init(&gate, 0, 0);
    puts("ready");
    while (fgets(line, sizeof line, stdin) && strncmp(line, "bye", 3)) {
        if (sscanf(line, "begin %d", &way) == 1) {
            if (way) pthread_create(&holder, NULL, other, NULL), sem_wait(&inside);
            pthread_create(&t, NULL, run, (void *)(long)way), sem_wait(&inside);
            puts("inside");
        } else {
            sem_post(&gate);
            pthread_join(t, &r);
            if (way) pthread_join(holder, NULL);
            printf("%d wrong %d\n", (int)(long)r, wrong);
        }
    }
    return 0;
}
