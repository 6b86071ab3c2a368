# Five convolutions with Gaussian noise on the input, spatial dropout between them and dropout before the
# dense layer. The noise and the dropout are off during the ascent. 32 filters in a grid of 4 x 8, cube of
# images as in numpy.
#
# /// label
# ///

# %% cnn
model = keras.Sequential()
model.add(layers.Input(shape=(28, 28, 1)))
model.add(layers.GaussianNoise(0.1))  # against overfitting
for n, filters in enumerate((8, 16, 16, 24, 32)):
    model.add(layers.Conv2D(filters, (3, 3), activation="relu", padding="same",
                            name="conv2d" + (f"_{n}" if n > 0 else "")))
    if n in (0, 3):
        model.add(layers.MaxPooling2D((2, 2)))
    if n == 2:
        model.add(layers.SpatialDropout2D(0.1))
model.add(layers.Flatten())
model.add(layers.Dropout(0.4))
model.add(layers.Dense(10, activation="softmax"))

# %% train
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=5, verbose=2)

fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3))
left.plot(results.history["loss"])
left.set_ylabel("loss")
right.plot(results.history["accuracy"])
right.set_ylabel("accuracy")
plt.show()

# %% ascent
layer_name = "conv2d_4"
number_of_filters = 32
visualized_feature = np.zeros((number_of_filters, 28, 28))

cut = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    input_img = tf.Variable(np.random.random_sample((1, 28, 28, 1)), dtype="float32")
    n = 0
    while n < gradient_updates:
        with tf.GradientTape() as tape:
            # training=False: neither noise nor dropout
            loss = tf.math.reduce_mean(cut(input_img, training=False)[:, :, :, filter_index])
        grads = tape.gradient(loss, input_img)
        input_img.assign(input_img + step_size * normalize(grads))
        n += 1
    visualized_feature[filter_index] = input_img.numpy()[0, :, :, 0]

# %% plot
figure = plt.figure(figsize=(12, 7))
for i in range(number_of_filters):
    plt.subplot(4, 8, 1 + i)
    plt.title(f"feature {i}")
    plt.imshow(deprocess_image(visualized_feature[i].copy()), cmap=plt.cm.gray)
    plt.axis("off")
plt.show()
