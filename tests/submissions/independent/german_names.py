# Everything is done as asked, but nearly all names are German: the network is called netz, the images
# bilder, and the layers faltung1 to faltung4. The right results are there, only under other names.
#
# /// label
# ///

# %% cnn
netz = keras.Sequential([
    layers.Input(shape=(28, 28, 1)),
    layers.Conv2D(8, 3, padding="same", activation="relu", name="faltung1"),
    layers.MaxPooling2D(),
    layers.Conv2D(16, 3, padding="same", activation="relu", name="faltung2"),
    layers.Conv2D(32, 3, padding="same", activation="relu", name="faltung3"),
    layers.MaxPooling2D(),
    layers.Conv2D(64, 3, padding="same", activation="relu", name="faltung4"),
    layers.Flatten(),
    layers.Dense(10, activation="softmax"),
])
netz.summary()

# %% train
netz.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
verlauf = netz.fit(x_train, y_train, batch_size=32, epochs=3, verbose=2)

plt.plot(verlauf.history["loss"])
plt.xlabel("Epoche")
plt.ylabel("Verlust")
plt.show()

# %% ascent
schicht = "faltung4"
anzahl = netz.get_layer(schicht).filters
bilder = []

# Teil des Netzes bis zur Schicht
teilnetz = keras.Model(netz.inputs, netz.get_layer(schicht).output)

for nummer in range(anzahl):
    bild = KTF.variable(np.random.uniform(0, 1, (1, 28, 28, 1)))  # Rauschen

    for schritt in range(gradient_updates):
        with tf.GradientTape() as band:
            anregung = KTF.mean(teilnetz(bild)[:, :, :, nummer])
        gradient = normalize(band.gradient(anregung, bild))
        bild.assign_add(step_size * gradient)  # bergauf

    bilder.append(bild.numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))

for nummer, bild in enumerate(bilder):
    plt.subplot(8, 8, nummer + 1)
    plt.imshow(deprocess_image(bild.copy())[0, :, :, 0], cmap="gray")
    plt.title(f"feature {nummer}")
    plt.axis("off")

plt.show()
