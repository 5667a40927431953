/* main.c — options and wiring, nothing else. */
int main(void)
{
    return 0;
}
