# Only three convolution layers where four are asked for; the last one was called conv2d_3 all the same, so
# that the given name fits. In the plot only the first row of panels has titles, the other 56 have none.
#
# /// label
# cnn = "partial"
# plot = "partial"
#
# [feedback_mentions]
# cnn = ["convolution"]
# plot = ["title"]
# ///

# %% cnn
# I build the network layer by layer
model = keras.Sequential()
model.add(layers.Input(shape=(28, 28, 1)))

# first block
model.add(layers.Conv2D(12, kernel_size=(5, 5), activation="relu", padding="same", name="conv2d"))
model.add(layers.MaxPooling2D(pool_size=(2, 2)))

# second block
model.add(layers.Conv2D(24, kernel_size=(3, 3), activation="relu", padding="same", name="conv2d_1"))

# last block, this one I will look at
model.add(layers.Conv2D(64, kernel_size=(3, 3), activation="relu", padding="same", name="conv2d_3"))
model.add(layers.MaxPooling2D(pool_size=(2, 2)))

# classifier
model.add(layers.Flatten())
model.add(layers.Dense(10, activation="softmax"))
model.summary()

# %% train
model.compile(loss="categorical_crossentropy", optimizer=keras.optimizers.Adam(0.001), metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=3, verbose=2)
print("loss per epoch:", results.history["loss"])

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

# model which stops at the convolution
part_model = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    # start with noise
    input_img = KTF.variable(np.random.uniform(0, 1, (1, 28, 28, 1)))

    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            maps = part_model(input_img)
            loss = tf.reduce_mean(maps[:, :, :, filter_index])

        grads = tape.gradient(loss, input_img)
        grads = normalize(grads)
        input_img.assign_add(step_size * grads)

    visualized_feature.append(input_img.numpy())
    if filter_index % 16 == 0:
        print("filter", filter_index, "loss at the end", loss.numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))

for i in range(64):
    plt.subplot(8, 8, i + 1)
    img = deprocess_image(visualized_feature[i].copy())
    plt.imshow(img[0, :, :, 0], cmap="gray")
    plt.axis("off")
    # titles in all rows overlapped with the pictures, so only on top
    if i < 8:
        plt.title("feature " + str(i))

plt.show()
