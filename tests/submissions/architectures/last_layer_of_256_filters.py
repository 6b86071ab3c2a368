# 256 filters in the last convolution, of which the first 64 are visualised, as the grid asks. Batched
# ascent, where the mean activation of filter i is picked for image i with gather_nd. Correct.
#
# /// label
# ///

# %% cnn
img_in = layers.Input(shape=(28, 28, 1))
y = layers.Conv2D(8, 3, padding='same', activation='relu', name='conv2d')(img_in)
y = layers.MaxPooling2D()(y)
y = layers.Conv2D(12, 3, padding='same', activation='relu', name='conv2d_1')(y)
y = layers.Conv2D(16, 3, padding='same', activation='relu', name='conv2d_2')(y)
y = layers.MaxPooling2D()(y)
y = layers.Conv2D(256, 3, padding='same', activation='relu', name='conv2d_3')(y)
y = layers.Flatten()(y)
y = layers.Dense(10, activation='softmax')(y)
model = keras.Model(img_in, y)
model.summary()

# %% train
model.compile(loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy'])
results = model.fit(x_train, y_train, epochs=3, batch_size=32, verbose=2, validation_data=(x_test, y_test))

# %% ascent
layer_name = 'conv2d_3'
number_of_filters = 64      # the layer has 256, we look at the first 64

conv_model = keras.Model(img_in, model.get_layer(layer_name).output)
pairs = [[i, i] for i in range(number_of_filters)]      # picture i with filter i

pictures = tf.Variable(tf.random.uniform((number_of_filters, 28, 28, 1)))
for step in range(gradient_updates):
    with tf.GradientTape() as tape:
        means = tf.reduce_mean(conv_model(pictures), axis=[1, 2])       # (64 pictures, 256 filters)
        loss = tf.reduce_sum(tf.gather_nd(means, pairs))
    grads = tape.gradient(loss, pictures)
    # every picture has its own gradient and its own length
    rms = tf.sqrt(tf.reduce_mean(tf.square(grads), axis=[1, 2, 3], keepdims=True))
    pictures.assign_add(step_size * grads / (rms + KTF.epsilon()))
    if step % 10 == 9:
        print(step + 1, loss.numpy() / number_of_filters)

visualized_feature = [p[None] for p in pictures.numpy()]

# %% plot
figure = plt.figure(figsize=(12, 12))
for i, p in enumerate(visualized_feature):
    plt.subplot(8, 8, i + 1)
    plt.imshow(deprocess_image(p.copy())[0, :, :, 0], cmap='gray')
    plt.title('feature %i' % i)
    plt.axis('off')
plt.tight_layout()
plt.show()
