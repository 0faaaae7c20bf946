/* System V queues, semaphores, shared memory, and POSIX queues. */
#include <stdio.h>
#include <string.h>
#include <errno.h>
#include <unistd.h>
#include <mqueue.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/wait.h>

union semun { int val; struct semid_ds *buf; unsigned short *array; };

int main(void)
{
    struct { long type; char text[32]; } m = {3, "a message"}, n = {0};
    int q = msgget(IPC_PRIVATE, 0600 | IPC_CREAT);
    printf("send %d", msgsnd(q, &m, 10, 0));
    struct msqid_ds qs;
    printf(" stat %d %lu", msgctl(q, IPC_STAT, &qs), (unsigned long)qs.msg_qnum);
    printf(" receive %zd %ld %s", msgrcv(q, &n, sizeof n.text, 3, 0), n.type, n.text);
    printf(" none %zd %d", msgrcv(q, &n, sizeof n.text, 0, IPC_NOWAIT), errno == ENOMSG);
    printf(" remove %d\n", msgctl(q, IPC_RMID, NULL));

    int s = semget(IPC_PRIVATE, 3, 0600 | IPC_CREAT);
    unsigned short v[3] = {1, 0, 7};
    union semun u = {.array = v};
    printf("setall %d", semctl(s, 0, SETALL, u));
    struct sembuf down[2] = {{0, -1, 0}, {2, -3, 0}}, wait1 = {1, -1, 0}, no = {0, -1, IPC_NOWAIT};
    printf(" op %d", semop(s, down, 2));
    printf(" values %d %d", semctl(s, 0, GETVAL), semctl(s, 2, GETVAL));
    printf(" not now %d %d", semop(s, &no, 1), errno == EAGAIN);
    fflush(stdout);
    if (fork() == 0) {
        struct sembuf up = {1, 1, 0};
        _exit(semop(s, &up, 1));
    }
    printf(" waited %d", semop(s, &wait1, 1));
    int st;
    wait(&st);
    struct semid_ds ss;
    u.buf = &ss;
    printf(" stat %d %lu mode %o", semctl(s, 0, IPC_STAT, u), (unsigned long)ss.sem_nsems, ss.sem_perm.mode & 0777);
    printf(" remove %d\n", semctl(s, 0, IPC_RMID));

    int id = shmget(IPC_PRIVATE, 10000, 0600 | IPC_CREAT);
    char *p = shmat(id, NULL, 0), *r = shmat(id, NULL, SHM_RDONLY);
    strcpy(p + 9000, "shared");
    fflush(stdout);
    if (fork() == 0) {
        strcpy(p, "by the child");
        _exit(0);
    }
    wait(&st);
    struct shmid_ds ds;
    shmctl(id, IPC_STAT, &ds);
    printf("%s %s size %zu attached %lu", p, r + 9000, ds.shm_segsz, (unsigned long)ds.shm_nattch);
    printf(" detach %d %d again %d", shmdt(r), shmdt(p), shmdt(p));
    shmctl(id, IPC_STAT, &ds);
    printf(" attached %lu remove %d\n", (unsigned long)ds.shm_nattch, shmctl(id, IPC_RMID, NULL));

    char name[40];
    snprintf(name, sizeof name, "/lp-%d", (int)getpid());
    struct mq_attr at = {.mq_maxmsg = 4, .mq_msgsize = 16}, is;
    mqd_t d = mq_open(name, O_CREAT | O_RDWR | O_NONBLOCK, 0600, &at);
    char buf[16];
    unsigned prio = 0;
    printf("mq %d send %d", d >= 0, mq_send(d, "low", 4, 1));
    printf(" %d get %d %ld %ld", mq_send(d, "high", 5, 9), mq_getattr(d, &is), is.mq_curmsgs, is.mq_msgsize);
    printf(" receive %zd", mq_receive(d, buf, sizeof buf, &prio));
    printf(" %s %u", buf, prio);
    printf(" %zd", mq_receive(d, buf, sizeof buf, &prio));
    printf(" %s %u none %zd %d", buf, prio, mq_receive(d, buf, sizeof buf, &prio), errno == EAGAIN);
    printf(" unlink %d\n", mq_unlink(name));
    return 0;
}
