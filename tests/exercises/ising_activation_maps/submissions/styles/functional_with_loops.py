# A functional model, and the sum over the filters written out as loops.
#
# /// label
# ///

# %% cnn
lattice = keras.Input((32, 32, 1))
x = layers.Conv2D(16, 3, padding="same", activation="relu")(lattice)
x = layers.Conv2D(16, 3, padding="same", activation="relu")(x)
x = layers.MaxPooling2D(2)(x)
x = layers.Conv2D(32, 3, padding="same", activation="relu")(x)
feature_maps = layers.Conv2D(32, 3, padding="same", activation="relu")(x)
pooled = layers.GlobalAveragePooling2D()(feature_maps)
model = keras.Model(lattice, layers.Dense(2, activation="softmax")(pooled))

# %% train
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=5, batch_size=64, verbose=2)

# %% maps
answers = model.predict(x_test, verbose=0)
said, true = answers.argmax(1), y_test.argmax(1)
right, wrong = np.flatnonzero(said == true), np.flatnonzero(said != true)
chosen = [*right[:2], *wrong[:2]]
features = keras.Model(lattice, feature_maps).predict(x_test[chosen], verbose=0)
weights = model.layers[-1].get_weights()[0]
maps = np.zeros((4, 2, 16, 16))
for i in range(4):
    for c in range(2):
        for k in range(features.shape[-1]):
            maps[i, c] += weights[k, c] * features[i, :, :, k]

# %% plot
fig, axes = plt.subplots(4, 3, figsize=(9, 12))
for i, k in enumerate(chosen):
    axes[i, 0].imshow(x_test[k].squeeze(), cmap="gray")
    axes[i, 0].set_title(f"T={t_test[k]:.2f} {PHASES[true[k]]}")
    for c in range(2):
        axes[i, c + 1].imshow(tf.image.resize(np.asarray(maps)[i, c][..., None], (32, 32))[..., 0], cmap="coolwarm")
        axes[i, c + 1].set_title(f"{PHASES[c]} {answers[k, c]:.3f}")
plt.show()
