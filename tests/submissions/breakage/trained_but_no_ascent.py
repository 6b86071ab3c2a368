# Network and training are fine. The last line of the training cell calls predict_classes, which Keras has
# dropped: an error, but after the training, so it costs nothing. The ascent was not begun, and there is no
# plot.
#
# /// label
# images = "fail"
# ascent = "fail"
# objective = "fail"
# updates = "fail"
# plot = "fail"
#
# [feedback_mentions]
# images = ["image"]
# ///

# %% cnn
def block(x, n, name):
    return layers.Conv2D(n, 3, strides=1, padding="same", activation="relu", name=name)(x)


entry = layers.Input(shape=(28, 28, 1))
t = block(entry, 12, "conv2d")
t = layers.MaxPooling2D()(t)
t = block(t, 24, "conv2d_1")
t = block(t, 24, "conv2d_2")
t = layers.MaxPooling2D()(t)
t = block(t, 64, "conv2d_3")
t = layers.Flatten()(t)
t = layers.Dense(10, activation="softmax")(t)
model = keras.Model(entry, t)

# %% train
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=4, batch_size=32, verbose=2, validation_data=(x_test, y_test))

epochs = np.arange(1, 5)
plt.plot(epochs, results.history["loss"], label="training")
plt.plot(epochs, results.history["val_loss"], label="test")
plt.legend()
plt.show()

# which digits does it get wrong?
predicted = model.predict_classes(x_test)
wrong = np.flatnonzero(predicted != np.argmax(y_test, axis=1))
print(len(wrong), "wrong:", wrong[:20])
