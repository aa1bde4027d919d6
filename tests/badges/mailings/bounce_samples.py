"""Notices of undelivered mail as servers write them that do not follow RFC 3464; all names are invented."""

QMAIL = """\
Return-Path: <>
Received: (qmail 20731 invoked for bounce); 25 Nov 2026 09:14:02 -0000
Date: 25 Nov 2026 09:14:02 -0000
From: MAILER-DAEMON@mx.example
To: convention@club.example
Subject: failure notice
Message-ID: <20261125091402.20730.qmail@mx.example>

Hi. This is the qmail-send program at mx.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<ana0@example.org>:
192.0.2.7 does not like recipient.
Remote host said: 550 5.1.1 <ana0@example.org>: user unknown
Giving up on 192.0.2.7.

--- Below this line is a copy of the message.

Return-Path: <convention@club.example>
Received: (qmail 20729 invoked from network); 25 Nov 2026 09:14:01 -0000
Message-ID: <{key}@localhost>
From: Convention <convention@club.example>
To: ana0@example.org
Subject: Programme

Bonjour Ana,
"""

EXIM = """\
Return-path: <>
X-Failed-Recipients: ana0@example.org
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mail.example>
To: convention@club.example
Subject: Mail delivery failed: returning message to sender
Message-Id: <E1tFabc-0001Xy-2Q@mail.example>
Date: Wed, 25 Nov 2026 10:14:02 +0100

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  ana0@example.org
    host mx.example.org [192.0.2.7]
    SMTP error from remote mail server after RCPT TO:<ana0@example.org>:
    550 5.1.1 User unknown

------ This is a copy of the message, including all the headers. ------

Message-ID: <{key}@localhost>
From: Convention <convention@club.example>
To: ana0@example.org
Subject: Programme

Bonjour Ana,
"""

POSTFIX = """\
Return-Path: <>
From: MAILER-DAEMON@relay.example (Mail Delivery System)
To: convention@club.example
Subject: Undelivered Mail Returned to Sender
Message-Id: <20261125091402.4XyZ12@relay.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="frontier"

--frontier
Content-Description: Notification
Content-Type: text/plain

This is the Postfix program at host relay.example.

I'm sorry to have to inform you that your message could not be
be delivered to one or more recipients. It's attached below.

			The Postfix program

<ana0@example.org>: host mx.example.org[192.0.2.7] said: 550 5.1.1
    <ana0@example.org>: Recipient address rejected: User unknown

--frontier
Content-Description: Undelivered Message
Content-Type: message/rfc822

Message-ID: <{key}@localhost>
From: Convention <convention@club.example>
To: ana0@example.org
Subject: Programme

Bonjour Ana,

--frontier--
"""

SENDMAIL = """\
Return-Path: <MAILER-DAEMON>
From: Mail Delivery Subsystem <MAILER-DAEMON@old.example>
To: <convention@club.example>
Subject: Returned mail: see transcript for details
Message-Id: <202611250914.iAP9E2x1@old.example>

The original message was received at Wed, 25 Nov 2026 10:14:01 +0100
from club.example [192.0.2.1]

   ----- The following addresses had permanent fatal errors -----
<ana0@example.org>
    (reason: 550 5.1.1 <ana0@example.org>... User unknown)

   ----- Transcript of session follows -----
... while talking to mx.example.org.:
>>> RCPT To:<ana0@example.org>
<<< 550 5.1.1 <ana0@example.org>... User unknown

   ----- Original message follows -----

Message-ID: <{key}@localhost>
From: Convention <convention@club.example>
To: ana0@example.org
Subject: Programme
"""

REPORTS_BY_MAIL_SERVER = {"qmail": QMAIL, "exim": EXIM, "postfix": POSTFIX, "sendmail": SENDMAIL}
